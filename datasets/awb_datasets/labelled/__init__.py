"""Recordings with one label each: what the loaders of published collections share.

As they are, the clips have clip-level labels. With ``mix=true`` they become sounds at known times,
see `awb_datasets.mixing`.
"""
