"""The highway of highway-env: three lanes full of cars, one decision a second; its expert changes lanes by free gaps.

The reward of a second is between 0 and 1: most of it for not having crashed, the rest for speed and keeping right.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from brainwright.data.table import Kind
from brainwright.worlds.world import Deed, Drive, World, library

MOVES = {"left": 0, "keep": 1, "right": 2, "faster": 3, "slower": 4}  # as highway-env counts them
LANES = ("left", "own", "right")
FAR, LENGTH, WIDE = 100.0, 5.0, 4.0  # metres: farther cars are not seen; how long a car is, and how wide a lane
BESIDE = 3.0  # metres across within which a car, perhaps on its way to another lane, is in this one
METRE, BACK, ACROSS, TALL = 0.25, 28.0, 32, 4  # of the picture: pixels a metre, metres behind, its width, and of a lane
ROAD, LINE, CAR, ME = 60, 90, 255, 160  # grey levels
SAFE, HEADWAY = 2.0, 1.0  # metres, and seconds of closing in, that must stay free on the lane that is entered
CLOSE, DISTANCE = 0.5, 0.9  # seconds to the car ahead that are wanted on another lane, and kept on one's own
SOON, LOOK = 3.0, 10.0  # seconds to a crash from which something must be done, and that a lane is looked along
GAIN, KEEPS_RIGHT = 0.5, 0.2  # metres a second that a change must bring, and that each lane to the right is worth
FULL, STEP = 30.0, 5.0  # metres a second: the fastest that the car can be told, and between two such speeds
SETTLED = 0.8  # metres from the middle of its lane from which a car has changed it


@dataclass(frozen=True)
class Gaps:
    """Free metres ahead on a lane and how fast they shrink, metres a second; the same behind."""

    ahead: float
    closing: float
    behind: float
    chasing: float

    def worth(self, speed: float) -> float:
        """Metres a second that can be driven on this lane for some seconds."""
        return min(FULL, speed - self.closing + self.ahead / LOOK)

    def open(self, speed: float) -> bool:
        """Whether the lane may be entered."""
        room = SAFE + HEADWAY * max(0.0, self.closing), SAFE + HEADWAY * max(0.0, self.chasing)
        return self.ahead > max(room[0], CLOSE * speed) and self.behind > room[1] and self.seconds() > SOON

    def seconds(self) -> float:
        """Until the car ahead is reached."""
        return self.ahead / self.closing if self.closing > 0 else np.inf

    def bears(self, speed: float) -> bool:
        """Whether there is room to go so fast."""
        return self.ahead > speed * DISTANCE * 1.5 and self.seconds() > 2 * SOON


class Highway(World):
    """Left, right, faster, slower or keep; the game holds speed and lane by itself."""

    sensors: ClassVar[tuple[str, ...]] = (
        "speed",
        "cruise",
        *(f"{lane}_{what}" for lane in LANES for what in ("ahead", "closing", "behind", "chasing")),
    )
    controls: ClassVar[Mapping[str, Kind]] = {"decision": Kind.CATEGORY}
    idle: ClassVar[Deed] = {"decision": "keep"}
    crash: ClassVar[str] = "hit another car"

    def begin(self, seed: int) -> Drive:
        return Journey(library("gymnasium", "highway_env.envs.highway_env").HighwayEnvFast(), seed)


class Journey(Drive):
    """Thirty seconds on one highway."""

    def __init__(self, game: Any, seed: int) -> None:
        self.game = game
        game.reset(seed=seed)

    def sees(self) -> Mapping[str, Any]:
        car = self.game.vehicle
        found = {"speed": float(car.speed), "cruise": float(car.target_speed)}
        for lane, place in zip(LANES, self.around(), strict=True):
            found |= {f"{lane}_{what}": value for what, value in asdict(self.gaps(place)).items()}
        return {"frame": self.picture(), **found}

    @property
    def lanes(self) -> int:
        """How many there are."""
        return int(self.game.config["lanes_count"])

    def around(self) -> tuple[int, int, int]:
        """The lanes to the left, of the car itself or that it is moving to, and to the right."""
        own = int(self.game.vehicle.target_lane_index[2])
        return own - 1, own, own + 1

    def gaps(self, lane: int) -> Gaps:
        """What is free on a lane; nothing where there is none."""
        if not 0 <= lane < self.lanes:
            return Gaps(0.0, 0.0, 0.0, 0.0)
        apart, faster = self.others(lane)
        front, back = apart >= 0, apart < 0
        ahead, slower = np.append(apart[front], FAR), np.append(-faster[front], 0.0)
        behind, chasing = np.append(-apart[back], FAR), np.append(faster[back], 0.0)
        first, last = int(ahead.argmin()), int(behind.argmin())
        room, rear = max(0.0, min(FAR, ahead[first]) - LENGTH), max(0.0, min(FAR, behind[last]) - LENGTH)
        return Gaps(float(room), float(slower[first]), float(rear), float(chasing[last]))

    def others(self, lane: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Metres that the cars on a lane are ahead, and metres a second that they are faster, [cars] each."""
        car, places, speeds = self.game.vehicle, *self.traffic()
        near = np.abs(places[:, 1] - lane * WIDE) < BESIDE
        return places[near, 0] - car.position[0], speeds[near] - car.speed

    def traffic(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Places [cars, 2] and speeds [cars] of all others."""
        others = [one for one in self.game.road.vehicles if one is not self.game.vehicle]
        return np.array([one.position for one in others]), np.array([one.speed for one in others])

    def picture(self) -> NDArray[np.uint8]:
        """The road seen from above, the car itself a quarter of the way in."""
        pixels = np.full((self.lanes * TALL, ACROSS), ROAD, np.uint8)
        pixels[TALL::TALL] = LINE
        car, (places, _) = self.game.vehicle, self.traffic()
        for place, grey in [*((one, CAR) for one in places), (car.position, ME)]:
            left = (place[0] - car.position[0] - LENGTH / 2 + BACK) * METRE
            top = (place[1] / WIDE + 0.5) * TALL - TALL / 4
            if -LENGTH * METRE < left < ACROSS:
                down, across = round(top), max(0, round(left))
                pixels[max(0, down) : down + TALL // 2, across : round(left + LENGTH * METRE)] = grey
        return pixels

    def expert(self) -> Deed:
        """Keeps clear of the car ahead, goes where most speed is to be had, and to the right where it costs none."""
        left, own, right = (self.gaps(lane) for lane in self.around())
        place = int(self.game.vehicle.target_lane_index[2])
        speed, cruise = float(self.game.vehicle.speed), float(self.game.vehicle.target_speed)
        worth = own.worth(speed) + KEEPS_RIGHT * place
        choices = {"left": left.worth(speed) + KEEPS_RIGHT * (place - 1) if place and left.open(speed) else 0.0}
        more = place + 1 < self.lanes and right.open(speed)
        choices["right"] = right.worth(speed) + KEEPS_RIGHT * (place + 1) if more else 0.0
        best = max(choices, key=lambda one: choices[one])
        pressed = own.seconds() < SOON or own.ahead < DISTANCE * speed - LENGTH
        settled = abs(self.game.vehicle.position[1] - place * WIDE) < SETTLED
        if settled and choices[best] and (choices[best] > worth + (0.0 if pressed else GAIN * (best == "left"))):
            return {"decision": best}
        if pressed:
            return {"decision": "slower"}
        return {"decision": "faster" if cruise < FULL and own.bears(cruise + STEP) else "keep"}

    def act(self, deed: Deed) -> None:
        _, reward, crashed, ended, _ = self.game.step(MOVES[str(deed["decision"])])
        self.returned += float(reward)
        self.crashed = bool(crashed)
        self.over = self.crashed or bool(ended)
