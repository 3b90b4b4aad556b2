"use strict";
/* Save a chart as SVG or PNG: a copy with the colours and fonts that it has on the page. */

awb.savedStyles = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linejoin",
  "opacity", "font-family", "font-size", "font-style", "font-weight", "text-anchor", "paint-order", "filter",
];

/** A copy of a chart that looks the same without the page's style sheet. */
awb.standalone = (svg) => {
  const copy = svg.cloneNode(true);
  const from = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((node, place) => {
    const style = getComputedStyle(from[place]);
    for (const name of awb.savedStyles) node.style.setProperty(name, style.getPropertyValue(name));
  });
  for (const cursor of copy.querySelectorAll(".cursor")) cursor.remove();
  const { width, height } = svg.viewBox.baseVal;
  const paper = getComputedStyle(document.body).backgroundColor;
  const edge = 12;
  copy.prepend(awb.draw("rect", { x: -edge, y: -edge, width: width + 2 * edge, height: height + 2 * edge, fill: paper }));
  awb.fill(copy, {
    xmlns: "http://www.w3.org/2000/svg", width: width + 2 * edge, height: height + 2 * edge,
    viewBox: `${-edge} ${-edge} ${width + 2 * edge} ${height + 2 * edge}`, style: null,
  }, []);
  copy.removeAttribute("style");
  return copy;
};

awb.svgFile = (svg) =>
  new Blob([new XMLSerializer().serializeToString(awb.standalone(svg))], { type: "image/svg+xml" });

awb.pngFile = async (svg, scale = 2) => {
  const address = URL.createObjectURL(awb.svgFile(svg));
  try {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    const canvas = awb.make("canvas", { width: picture.width * scale, height: picture.height * scale });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await new Promise((done) => { canvas.toBlob(done, "image/png"); });
  } finally {
    URL.revokeObjectURL(address);
  }
};

awb.download = (file, name) => {
  const address = URL.createObjectURL(file);
  awb.make("a", { href: address, download: name }).click();
  window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
};

/** Add the buttons below a figure that scripts draw. */
awb.savable = (figure) => {
  const what = figure.dataset.role;
  const name = () => `${document.title} ${what}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 60);
  const button = (kind, make) => awb.make("button", {
    type: "button", class: "quiet", "aria-label": `Save this chart as ${kind.toUpperCase()}`,
    onclick: async () => {
      const svg = figure.querySelector("svg");
      if (svg) awb.download(await make(svg), `${name()}.${kind}`);
    },
  }, kind.toUpperCase());
  const bar = awb.make("p", { class: "save" }, "Save as ", button("svg", awb.svgFile), button("png", awb.pngFile));
  const holder = awb.make("div", { class: "savable" });
  figure.replaceWith(holder);
  holder.append(figure, bar);
};

for (const role of ["bars", "scatter", "heatmap", "diagram", "figure"]) {
  for (const figure of document.querySelectorAll(`[data-role="${role}"]`)) awb.savable(figure);
}
