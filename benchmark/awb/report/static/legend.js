"use strict";
/* A check box per explainer, with a sample of its line and its score on the instance. */

awb.legend = (holder, instance, state, change) => {
  const rows = instance.explanations.map((explanation) => {
    const name = explanation.explainer;
    const slot = state.explainers.indexOf(name);
    const box = awb.make("input", { type: "checkbox", checked: slot >= 0, "data-explainer": name });
    box.addEventListener("change", () => change(name, box.checked));
    const style = awb.styleOf(Math.max(0, slot));
    const sample = awb.draw("svg", { viewBox: "0 0 34 8", width: 34, height: 8, "aria-hidden": "true" },
      slot < 0 ? null : awb.draw("line", {
        x1: 1, x2: 33, y1: 4, y2: 4, stroke: style.color, "stroke-width": 2.5, "stroke-dasharray": style.dash,
      }));
    return awb.make("label", { class: explanation.baseline ? "baseline" : null },
      box, sample, awb.make("span", { class: "name" }, name),
      awb.make("span", { class: "score" }, awb.format(explanation.scores[state.metric], 3)));
  });
  holder.replaceChildren(...rows);
};
