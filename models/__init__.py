"""ONNX files with their cards, and the training that produced them."""
