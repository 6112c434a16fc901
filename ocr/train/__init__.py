"""Training of the models shipped in `ocr/models` (development only; torch is the extra `train`).

One folder for each model, named like it: `main(data, out, seed)` draws or loads its pictures, trains, and
writes the ONNX file `out` with its card beside it.
"""
