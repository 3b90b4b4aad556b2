"use strict";
/* Labels of points that neither cover one another nor a point; what finds no room is left out. */

awb.overlap = (one, other, gap = 1) =>
  one.left < other.right + gap && other.left < one.right + gap &&
  one.top < other.bottom + gap && other.top < one.bottom + gap;

/**
 * Place labels one after another, the most important first.
 *
 * points: [{at: [x, y], width}], in order of importance; box: {left, right, top, bottom}.
 * Returns for each point the label's box, or null where there is no room.
 */
awb.placeLabels = (points, box, size, radius) => {
  const height = size * 1.15;
  const taken = points.map(({ at: [x, y] }) => ({
    left: x - radius, right: x + radius, top: y - radius, bottom: y + radius,
  }));
  const placed = [];
  const leaders = [];
  const crosses = (candidate) => leaders.some((line) => awb.cutsBox(line, candidate));
  for (const [place, { at: [x, y], width }] of points.entries()) {
    let best = null;
    for (let reach = 0; reach < 12 && best === null; reach += 1) {
      const shift = reach * height * 0.55;
      const side = radius + 3 + reach * 4;
      const spots = [
        [x + side, y - height / 2], [x - side - width, y - height / 2],
        [x + side, y - height / 2 - shift], [x + side, y - height / 2 + shift],
        [x - side - width, y - height / 2 - shift], [x - side - width, y - height / 2 + shift],
        [x - width / 2, y - radius - height - 1 - shift], [x - width / 2, y + radius + 1 + shift],
      ];
      for (const [left, top] of spots) {
        const spot = { left, top, right: left + width, bottom: top + height, far: reach > 0 };
        const inside = left >= box.left && spot.right <= box.right && top >= box.top && spot.bottom <= box.bottom;
        const line = awb.leader(x, y, spot);
        if (
          inside && !crosses(spot) &&
          taken.every((other, index) => index === place || !awb.overlap(spot, other, 1)) &&
          placed.every((other) => !other || (!awb.overlap(spot, other, 2) && !awb.cutsBox(line, other)))
        ) {
          best = spot;
          break;
        }
      }
    }
    placed.push(best);
    if (best && best.far) leaders.push(awb.leader(x, y, best));
  }
  return placed;
};

/** From a point to the nearest place on a label's edge: [x1, y1, x2, y2]. */
awb.leader = (x, y, spot) => [
  x, y,
  Math.min(Math.max(x, spot.left), spot.right),
  Math.min(Math.max(y, (spot.top + spot.bottom) / 2 - 2), (spot.top + spot.bottom) / 2 + 2),
];

/** Whether a line passes through a box: sampled, which is enough for a drawing. */
awb.cutsBox = ([x1, y1, x2, y2], box) => {
  for (let step = 1; step < 12; step += 1) {
    const x = x1 + ((x2 - x1) * step) / 12;
    const y = y1 + ((y2 - y1) * step) / 12;
    if (x > box.left && x < box.right && y > box.top && y < box.bottom) return true;
  }
  return false;
};
