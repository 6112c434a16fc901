"""The languages meters speak: bytes in, numbers out; no port, no clock, no file.

A protocol is a `frames.Reader` that cuts a byte stream into frames, and a parser of one frame.
"""
