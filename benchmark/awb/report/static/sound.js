"use strict";
/* Sounds of the page: decoded on demand, masked here, played from memory. */

awb.bytes = (base64) => {
  const text = window.atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place += 1) bytes[place] = text.charCodeAt(place);
  return bytes;
};

/** Find an encoded sound by name. */
awb.encoded = (name) => {
  for (const script of document.querySelectorAll("script.sound-data")) {
    if (script.dataset.name === name) return awb.bytes(script.textContent);
  }
  return null;
};

awb.decode = async (bytes) => {
  const context = new OfflineAudioContext(1, 1, 48000);
  const buffer = await context.decodeAudioData(bytes.buffer.slice(0));
  return { samples: buffer.getChannelData(0), rate: buffer.sampleRate };
};

/** Keep the cells marked 1 and replace the others, as the run's masker did. */
awb.masked = (sound, fill, edges, kept) => {
  const out = new Float32Array(sound.samples.length);
  for (let cell = 0; cell < kept.length; cell += 1) {
    const start = Math.round(edges[cell] * sound.rate);
    const stop = cell + 1 === kept.length ? out.length : Math.round(edges[cell + 1] * sound.rate);
    if (kept[cell] === "1") out.set(sound.samples.subarray(start, stop), start);
    else if (typeof fill === "number") out.fill(fill, start, stop);
    else out.set(fill.subarray(start, Math.min(stop, out.length)), start);
  }
  return out;
};

/** Encode samples as a 16-bit WAV file. */
awb.wav = (samples, rate) => {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const text = (at, letters) => [...letters].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((sample, place) =>
    view.setInt16(44 + 2 * place, Math.round(32767 * Math.max(-1, Math.min(1, sample))), true));
  return new Blob([view], { type: "audio/wav" });
};

/** The sounds of one instance by source; only the last few stay in memory. */
awb.sounds = (instance) => {
  const made = new Map();
  let whole = null;
  const decoded = async () => {
    whole ||= Promise.all([
      awb.decode(awb.encoded(instance.sound)),
      instance.fillSound ? awb.decode(awb.encoded(instance.fillSound)).then((fill) => fill.samples) : instance.fill,
    ]);
    return whole;
  };
  const blob = async (explainer, amount) => {
    const [sound, fill] = await decoded();
    if (!explainer) return awb.wav(sound.samples, sound.rate);
    const found = instance.explanations.find((each) => each.explainer === explainer);
    return awb.wav(awb.masked(sound, fill, instance.edges, found.kept[amount]), sound.rate);
  };
  return {
    address: async (explainer, amount) => {
      const key = JSON.stringify([explainer, amount]);
      if (!made.has(key)) made.set(key, blob(explainer, amount).then((file) => URL.createObjectURL(file)));
      return made.get(key);
    },
    forget: () => {
      for (const address of made.values()) address.then((text) => URL.revokeObjectURL(text), () => {});
      made.clear();
    },
  };
};
