"""What the sessions of noxfile.py share."""
