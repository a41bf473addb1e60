"""How the models are made: renderings of plates and scenes, and the training of reader and detector on them."""
