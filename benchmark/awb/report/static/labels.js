"use strict";
/* Labels of points that overlap neither labels nor points; labels without space are left out. */

awb.overlap = (one, other, gap = 1) =>
  one.left < other.right + gap && other.left < one.right + gap &&
  one.top < other.bottom + gap && other.top < one.bottom + gap;

/**
 * Place labels one after another, the most important first.
 *
 * points: [{at: [x, y], width}], in order of importance; box: {left, right, top, bottom};
 * lines: [[x1, y1, x2, y2]] that labels avoid if possible.
 * Returns the label's box for each point, or null if there is no space.
 */
awb.placeLabels = (points, box, size, radius, lines = []) => {
  const height = size * 1.15;
  const taken = points.map(({ at: [x, y] }) => ({
    left: x - radius, right: x + radius, top: y - radius, bottom: y + radius,
  }));
  const placed = [];
  const leaders = [];
  const same = (one, other) => points[one].at.every((part, axis) => Math.abs(part - points[other].at[axis]) < 2 * radius);
  const find = (place, kept) => {
    const { at: [x, y], width } = points[place];
    for (let reach = 0; reach < 16; reach += 1) {
      const shift = reach * height * 0.55;
      const side = radius + 3 + reach * 4;
      const corners = [
        [x + side, y - height / 2], [x - side - width, y - height / 2],
        [x + side, y - height / 2 - shift], [x + side, y - height / 2 + shift],
        [x - side - width, y - height / 2 - shift], [x - side - width, y - height / 2 + shift],
        [x - width / 2, y - radius - height - 1 - shift], [x - width / 2, y + radius + 1 + shift],
      ];
      for (const [left, top] of corners) {
        const spot = { left, top, right: left + width, bottom: top + height, far: reach > 0 };
        const line = awb.leader(x, y, spot);
        const inside = left >= box.left && spot.right <= box.right && top >= box.top && spot.bottom <= box.bottom;
        const free = inside && !kept.some((each) => awb.cutsBox(each, spot)) &&
          taken.every((other, index) => index === place ||
            (!awb.overlap(spot, other, 1) && (reach === 0 || same(place, index) || !awb.cutsBox(line, other)))) &&
          placed.every((other) => !other || (!awb.overlap(spot, other, 2) && !awb.cutsBox(line, other)));
        if (free) return spot;
      }
    }
    return null;
  };
  for (const [place, { at: [x, y] }] of points.entries()) {
    const spot = find(place, [...lines, ...leaders]) || find(place, leaders);
    placed.push(spot);
    if (spot && spot.far) leaders.push(awb.leader(x, y, spot));
  }
  return placed;
};

/** From a point to the nearest place on a label's edge: [x1, y1, x2, y2]. */
awb.leader = (x, y, spot) => [
  x, y,
  Math.min(Math.max(x, spot.left), spot.right),
  x > spot.left && x < spot.right
    ? Math.min(Math.max(y, spot.top + 1), spot.bottom - 1) : (spot.top + spot.bottom) / 2,
];

/** Whether a line passes through a box (Liang and Barsky's clipping, 1984). */
awb.cutsBox = ([x1, y1, x2, y2], box) => {
  let [enter, leave] = [0, 1];
  const sides = [
    [x1 - x2, x1 - box.left], [x2 - x1, box.right - x1], [y1 - y2, y1 - box.top], [y2 - y1, box.bottom - y1],
  ];
  for (const [slope, room] of sides) {
    if (slope === 0 && room <= 0) return false;
    if (slope < 0) enter = Math.max(enter, room / slope);
    if (slope > 0) leave = Math.min(leave, room / slope);
  }
  return enter < leave;
};
