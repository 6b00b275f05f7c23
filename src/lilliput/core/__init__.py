"""Floor 0: budgets, reports, model files, errors, progress and the estimator that every task is."""
