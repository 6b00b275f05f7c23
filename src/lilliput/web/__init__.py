"""The studio: pages to see and try models, and a JSON API that serves them (extra ``web``)."""
