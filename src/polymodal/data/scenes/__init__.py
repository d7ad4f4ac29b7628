"""A small procedural world: pictures, captions, questions and speech made from the same facts."""
