"""scikit-learn's MLPClassifier, which has its own Adam (no weight decay): the table case alone."""

import warnings

from cases import CASES, RATE, Clock, arrays, asked
from sklearn.neural_network import MLPClassifier


def main() -> None:
    """The table."""
    home, cases = asked()
    assert cases == ["mlp"], cases
    given, target = arrays(home, "mlp")
    told, clock = CASES["mlp"], Clock()
    count = told.examples // told.batch * told.batch
    learner = MLPClassifier(
        (128, 128), batch_size=told.batch, learning_rate_init=RATE, alpha=0.0, max_iter=1, warm_start=True
    )
    warnings.simplefilter("ignore")  # that one epoch does not converge
    clock.mark()
    for _ in range(told.epochs):
        learner.fit(given[:count], target[:count])
        clock.mark()
    print(clock.line("mlp", ("scikit-learn", "numpy")), flush=True)


if __name__ == "__main__":
    main()
