"""Row recipe: with what net and at what pace rows of tables are best learned, by how many there are."""

from typing import Any

# rows -> batch (Gorishniy et al. 2025, as AutoGluon has it)
BATCHES = ((2_800, 32), (4_500, 64), (6_400, 128), (32_000, 256), (108_000, 512))
LARGEST = 1024
STEPS = 4_000  # more than tables of ten thousands of rows were seen to need before patience ends the run
EPOCHS = (12, 100)  # fewest and most
PATIENCE = 6  # epochs
LR = 8e-3  # at a batch of 256, rising with its root: of 2e-3 to 3e-2 among the best for classes and for numbers
EMA = 0.998  # of averaged weights: what a falling rate does, without knowing when the end comes
MEMBERS, WIDTH, DEPTH = 16, 256, 2


def row_recipe(rows: int) -> tuple[tuple[str, Any, str, str], ...]:
    """Option, value, reason, and the only family of net that it is meant for ("" = any)."""
    batch = next((size for limit, size in BATCHES if rows < limit), LARGEST)
    epochs = min(max(-(-STEPS * batch // rows), EPOCHS[0]), EPOCHS[1])
    lr = round(LR * (batch / 256) ** 0.5, 5)
    averaged = "the rate stays and weights are averaged, so that stopping early costs nothing"
    return (
        ("members", MEMBERS, f"{MEMBERS} nets that share their layers answer together (TabM)", "mlp"),
        ("width", WIDTH, f"enough for {MEMBERS} members", "mlp"),
        ("depth", DEPTH, "deeper nets learn tables no better", "mlp"),
        ("activation", "relu", "with numbers told in pieces, straight lines do best", "mlp"),
        ("lr", lr, f"suits batches of {batch}", "mlp"),
        ("weight_decay", 3e-4, "tables ask for little", "mlp"),
        ("schedule", "constant", averaged, "mlp"),
        ("ema", EMA, averaged, "mlp"),
        ("batch_size", batch, f"{rows:,} rows (TabM's rule)", ""),
        ("epochs", epochs, "patience ends the run, not these", ""),
        ("evaluations", epochs, "a look each epoch", ""),
        ("patience", PATIENCE, f"stops after {PATIENCE} epochs without gain", ""),
    )
