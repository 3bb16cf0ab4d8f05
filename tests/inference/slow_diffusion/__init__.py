"""The diffusion engine, whose loading or decoding takes long where a file in the folder of models says so."""
