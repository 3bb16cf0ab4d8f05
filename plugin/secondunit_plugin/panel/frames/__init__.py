"""Decoding in a process of its own: pictures of cuts and takes, their sound, thumbnails and waveforms.

ring.py, messages.py, link.py and decoding.py are the panel's side and import neither PyAV, OpenTimelineIO nor numpy;
process.py and what it imports run in the child.
"""
