"""How a plant's networks learn: one recipe, of the platform and of the study that measures it.

Belongs here: the numbers, chosen on units left out (docs/experiments.md, sections 15 and 16). Does not
belong here: what a person may change of them (the launchpads), training
(``learning.transfer.approaches``).
"""

BATCH_SIZE = 128
"""Windows in a batch."""

STEPS, LEARNING_RATE, PRETRAINED_RATE = 60, 1e-3, 1.0
"""Of a network that goes on from a pretrained one: batches, peak rate, and the factor on the rate of
pretrained layers. Out of fold, 1e-3 is better than 3e-3, and 60 batches are as good as 150."""

SCRATCH_TIMES, SCRATCH_RATE = 5, 5e-3
"""Of a network that begins with nothing: it has farther to go, so it gets so many times the batches, and
the rate that pretraining itself uses."""
