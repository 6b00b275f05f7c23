"""Deep learning for small machines: bring data and a budget, get back one small model file and a measured report."""
