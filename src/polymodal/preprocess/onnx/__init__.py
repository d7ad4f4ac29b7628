"""What an ONNX graph holds, read without running it."""
