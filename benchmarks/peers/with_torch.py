"""The loop that a PyTorch user writes: DataLoader, zero_grad, backward, AdamW."""

import torch
from cases import CASES, RATE, Clock, asked
from nets import loader, loss, net


def main() -> None:
    """Every case asked for."""
    home, cases = asked()
    for case in cases:
        clock, made, batches = Clock(), net(case), loader(home, case)
        optimizer = torch.optim.AdamW(made.parameters(), RATE)
        clock.mark()
        for _ in range(CASES[case].epochs):
            made.train()
            for given, target in batches:
                optimizer.zero_grad()
                loss(made(given), target).backward()
                optimizer.step()
            clock.mark()
        print(clock.line(case, ("torch", "torchvision")), flush=True)


if __name__ == "__main__":
    main()
