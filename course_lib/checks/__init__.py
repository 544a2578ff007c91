"""Is this answer right? Draw inputs, compute the truth from the definition, compare, name the mistake."""
