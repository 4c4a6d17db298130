"""Models: features, stems, backbones and heads, and the net they make together."""
