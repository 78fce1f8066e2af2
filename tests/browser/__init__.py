"""Stories in a real browser against one whole hall."""
