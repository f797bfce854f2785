"""What training makes, whatever it is: networks, trees, means of both; one ONNX graph, one artifact."""
