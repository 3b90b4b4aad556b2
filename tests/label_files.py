"""Miniatures of label files in the layouts that tools and corpora write."""

from __future__ import annotations

import json

EVENTS = ((0.5, 1.0, "Dog"), (1.25, 1.75, "Cat"))
"""What every miniature of one recording of 2 s says, unless it says otherwise."""

RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t"
    "Annotation\n"
    "1\tWaveform 1\t1\t0.500000000\t1.000000000\t0.0\t24000.0\tDog\n"
    "1\tSpectrogram 1\t1\t0.500000000\t1.000000000\t200.0\t1500.5\tDog\n"
    "2\tWaveform 1\t1\t1.250000000\t1.750000000\t0.0\t24000.0\tCat\n"
    "2\tSpectrogram 1\t1\t1.250000000\t1.750000000\t300.0\t4000.0\tCat\n"
)

RAVEN_SEQUENCE = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t"
    "Begin File\tFile Offset (s)\tSpecies\n"
    "1\tSpectrogram 1\t1\t0.5\t1.0\t200.0\t1500.5\ta.wav\t0.5\tDog\n"
    "2\tSpectrogram 1\t1\t3.25\t3.75\t300.0\t4000.0\tb.wav\t1.25\tCat\n"
)

AUDACITY = "0.500000\t1.000000\tDog\n\\\t200.000000\t1500.500000\n1,250000\t1,750000\tCat\n"

TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "sounds"
        xmin = 0
        xmax = 2
        intervals: size = 5
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = ""
        intervals [2]:
            xmin = 0.5
            xmax = 1
            text = "Dog"
        intervals [3]:
            xmin = 1
            xmax = 1.25
            text = ""
        intervals [4]:
            xmin = 1.25
            xmax = 1.75
            text = "Cat"
        intervals [5]:
            xmin = 1.75
            xmax = 2
            text = ""
    item [2]:
        class = "TextTier"
        name = "clicks"
        xmin = 0
        xmax = 2
        points: size = 1
        points [1]:
            number = 0.75
            mark = "click"
"""

TEXTGRID_SHORT = """File type = "ooTextFile short"
"TextGrid"

0
2
<exists>
1
"IntervalTier"
"sounds"
0
2
5
0
0.5
""
0.5
1
"Dog"
1
1.25
""
1.25
1.75
"Cat"
1.75
2
""
"""

JAMS = json.dumps(
    {
        "annotations": [
            {
                "namespace": "scaper",
                "annotation_metadata": {},
                "sandbox": {},
                "time": 0,
                "duration": 2.0,
                "data": [
                    {
                        "time": 0.0,
                        "duration": 2.0,
                        "confidence": 1.0,
                        "value": {"label": "park", "role": "background"},
                    },
                    {
                        "time": 0.5,
                        "duration": 0.5,
                        "confidence": 1.0,
                        "value": {"label": "Dog", "role": "foreground"},
                    },
                    {
                        "time": 1.25,
                        "duration": 0.5,
                        "confidence": 1.0,
                        "value": {"label": "Cat", "role": "foreground"},
                    },
                ],
            }
        ],
        "file_metadata": {"duration": 2.0, "title": "", "identifiers": {}, "jams_version": "0.3.5"},
        "sandbox": {},
    }
)

VTT = """WEBVTT

NOTE made by hand

1
00:00:00.500 --> 00:00:01.000 align:start
[Dog]

00:01.250 --> 00:01.750
<v Cat></v>
"""

SRT = "1\n00:00:00,500 --> 00:00:01,000\nDog\n\n2\n00:00:01,250 --> 00:00:01,750\n(Cat)\n"

RTTM = (
    "SPKR-INFO a 1 <NA> <NA> <NA> unknown Dog <NA> <NA>\n"
    "SPEAKER a 1 0.50 0.50 <NA> <NA> Dog <NA> <NA>\n"
    "SPEAKER a 1 1.25 0.50 <NA> <NA> Cat <NA> <NA>\n"
)

BIRDNET = (
    "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
    "0.5,1.0,Canis familiaris,Dog,0.8141,/data/a.wav\n"
    "1.25,1.75,Felis catus,Cat,0.3020,/data/a.wav\n"
)

BIRDNET_RAVEN = (
    "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\t"
    "Common Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)\n"
    "1\tSpectrogram 1\t1\t0.5\t1.0\t0\t15000\tDog\tdog1\t0.8141\t/data/a.wav\t0.5\n"
    "2\tSpectrogram 1\t1\t1.25\t1.75\t0\t15000\tCat\tcat1\t0.3020\t/data/a.wav\t1.25\n"
)

PERCH = "filename,timestamp_s,label,logit\na.wav,0.0,Dog,3.25\nb.wav,5.0,Cat,2.5\n"

DESED = """filename	onset	offset	event_label
a.wav	0.5	1.0	Dog
a.wav	1.25	1.75	Cat
b.wav
"""

DCASE = "a.wav\tpark\t0.5\t1.0\tDog\tm\ta7\na.wav\tpark\t1.25\t1.75\tCat\tm\ta7\n"

AUDIOSET = (
    "# Segments csv created Sun Mar  5 10:54:25 2017\n"
    "# num_ytids=2, num_segs=2, num_unique_labels=3, num_positive_labels=3\n"
    "# YTID, start_seconds, end_seconds, positive_labels\n"
    '--4gqARaEJE, 0.000, 10.000, "/m/0bt9lr,/m/01yrx"\n'
    'b0RFKhbpFJA, 30.000, 40.000, "/m/0bt9lr"\n'
)

AUDIOSET_STRONG = (
    "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
    "b0RFKhbpFJA_30000\t0.500\t1.000\t/m/0bt9lr\nb0RFKhbpFJA_30000\t1.250\t1.750\t/m/01yrx\n"
)

FSD50K = (
    "fname,labels,mids,split\n"
    '64760,"Dog,Animal","/m/0bt9lr,/m/0jbk",train\n'
    '16399,"Chink_and_clink","/m/07q7njn",val\n'
)

KALEIDOSCOPE = (
    "INDIR,FOLDER,IN FILE,CHANNEL,OFFSET,DURATION,MANUAL ID\n"
    "C:\\rec,,a.wav,0,0.5,0.5,Dog\nC:\\rec,,a.wav,0,1.25,0.5,Cat\n"
)

ANY_CSV = "begin;finish;what;note\n0,5;1,0;Dog;ok\n1,25;1,75;Cat;ok\n"
