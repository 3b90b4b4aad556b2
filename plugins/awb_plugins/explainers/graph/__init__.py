"""Rules of relevance on the operations that a network computes, however it is spelled.

`tape` writes down the operations of one run; `deeplift`, `lrp` and `backprop` go back over them.
"""
