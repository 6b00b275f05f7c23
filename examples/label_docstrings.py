"""Label the docstrings of the standard library by their package, in Python, within 100 KB; runs in some seconds.

python examples/label_docstrings.py
"""

from lilliput import TextClassifier
from lilliput.data.builtin import docstrings

texts, packages = docstrings(limit=2000)
model = TextClassifier(budget="100KB", abstain=0.5).fit(texts, packages)
print(model.report_)
for text in ("Open a socket and connect to the address.", "Return the day of the week.", "Nothing in particular."):
    explanation = model.explain(text)
    spoke = ", ".join(ngram for ngram, _ in explanation.speaks_for[:4])
    print(f"{text!r} -> {model.predict([text])[0]} ({explanation.probability:.2f}; spoke for it: {spoke})")
