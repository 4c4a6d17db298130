"""CarRacing of gymnasium: a car seen from above on a winding track; its expert looks ahead on the middle of the track.

The reward is 1000 for the whole track, shared out among its tiles, less 0.1 a frame.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from brainwright.data.table import Kind
from brainwright.worlds.world import Deed, Drive, World, library, small

FRAMES = 4  # of the game, a fiftieth of a second each, that one decision lasts
LONGEST = 1000  # frames of a drive (gymnasium's own limit)
ROAD = 84  # rows of the picture above the instruments
SHRINK = 2  # 84 x 96 pixels become 42 x 48
AHEAD, GLANCE = 2.6, 0.09  # tiles that the expert looks ahead: so many, and so many more for each unit of speed
GAIN = 2.0  # of steering, for each radian between heading and aim
FASTEST = 70.0  # units a second
SIDEWAYS, SLOWING = 60.0, 40.0  # units a second squared that a bend and the brake may cost
BEND = 5  # tiles that the turning of the track is averaged over
VIEW = 40  # tiles that the expert sees of it
EAGER = 0.8  # share of the throttle that is given up where the wheel is turned all the way


class CarRacing(World):
    """Steering from -1 (left) to 1 (right), throttle and brake from 0 to 1, 12.5 decisions a second."""

    sensors: ClassVar[tuple[str, ...]] = ("speed",)
    controls: ClassVar[Mapping[str, Kind]] = {
        "steering": Kind.NUMBER,
        "throttle": Kind.NUMBER,
        "brake": Kind.NUMBER,
    }
    idle: ClassVar[Deed] = {"steering": 0.0, "throttle": 0.1, "brake": 0.0}
    crash: ClassVar[str] = "left the track with all four wheels"
    frames: ClassVar[int] = 3

    def begin(self, seed: int) -> Drive:
        return Race(library("Box2D", "pygame", "gymnasium.envs.box2d.car_racing").CarRacing(), seed)


class Race(Drive):
    """One drive along one track."""

    def __init__(self, game: Any, seed: int) -> None:
        self.game = game
        self.drawing = game._render
        game._render = lambda mode: None  # it draws every frame, which is most of its work: once when looked at will do
        game.reset(seed=seed)
        self.left = LONGEST
        self.middle = np.array([(x, y) for _, _, x, y in game.track])
        ways = np.roll(self.middle, -1, 0) - self.middle
        self.gap = float(np.median(np.hypot(*ways.T)))
        turned = np.roll(ways, -BEND, 0)
        across = ways[:, 0] * turned[:, 1] - ways[:, 1] * turned[:, 0]
        turning = np.abs(np.arctan2(across, (ways * turned).sum(1))) / (BEND * self.gap)
        self.bends = SIDEWAYS / np.maximum(turning, 1e-3)
        """The square of the speed that each tile's bend allows."""

    def sees(self) -> Mapping[str, Any]:
        return {"frame": small(self.drawing("state_pixels")[:ROAD], SHRINK), "speed": self.speed}

    @property
    def speed(self) -> float:
        """Units a second."""
        return float(np.hypot(*self.game.car.hull.linearVelocity))

    def expert(self) -> Deed:
        """Aims at a point of the track ahead; as fast as every bend within the view allows when braked for in time."""
        hull = self.game.car.hull
        tile = int(np.square(self.middle - hull.position).sum(1).argmin())
        aim = self.tile(tile + AHEAD + GLANCE * self.speed) - np.array(hull.position)
        forward = np.array(hull.GetWorldVector((0.0, 1.0)))
        off = float(np.arctan2(aim[0] * forward[1] - aim[1] * forward[0], aim @ forward))
        steering = float(np.clip(GAIN * off, -1, 1))
        allowed = np.roll(self.bends, -tile)[:VIEW] + 2 * SLOWING * self.gap * np.arange(VIEW)
        more = min(FASTEST, float(np.sqrt(allowed.min()))) - self.speed
        throttle = float(np.clip(0.15 * more, 0, 1)) * (1 - EAGER * abs(steering))
        return {"steering": steering, "throttle": throttle, "brake": float(np.clip(-0.05 * more, 0, 0.8))}

    def tile(self, place: float) -> NDArray[np.float64]:
        """A point of the middle of the track, which is a ring."""
        low, share = int(np.floor(place)), place - np.floor(place)
        count = len(self.middle)
        between: NDArray[np.float64] = (1 - share) * self.middle[low % count] + share * self.middle[(low + 1) % count]
        return between

    def act(self, deed: Deed) -> None:
        action = np.array([deed["steering"], deed["throttle"], deed["brake"]], np.float32)
        action = action.clip([-1, 0, 0], 1)
        for _ in range(FRAMES):
            _, reward, self.over, _, _ = self.game.step(action)
            self.returned += float(reward)
            self.left -= 1
            self.over = self.over or not self.left
            if self.over:
                return
        self.crashed = self.crashed or not any(wheel.tiles for wheel in self.game.car.wheels)
