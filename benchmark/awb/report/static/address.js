"use strict";
/* The state of the page is stored in the URL's fragment, so that links restore it. */

/** Read: {board, clip, target, explainers, metrics}; null where the fragment does not say. */
awb.readAddress = () => {
  const parts = new URLSearchParams(window.location.hash.slice(1));
  const explainers = parts.getAll("explainer");
  return {
    board: Number(parts.get("board")) || null,
    clip: parts.get("clip"),
    target: parts.get("target"),
    explainers: explainers.length ? explainers : null,
    metrics: parts.get("metrics"),
  };
};

/** The fragment of an instance, with the explainers shown. */
awb.address = ({ board, clip, target, explainers, metrics }) => {
  const parts = new URLSearchParams();
  if (board > 1 || clip === undefined) parts.set("board", board);
  if (clip !== undefined) {
    parts.set("clip", clip);
    parts.set("target", target);
  }
  for (const name of explainers || []) parts.append("explainer", name);
  if (metrics) parts.set("metrics", metrics);
  return `#${parts}`;
};

/** Replace the fragment without adding a history entry. */
awb.writeAddress = (state) => {
  const fragment = awb.address(state);
  if (fragment !== window.location.hash) window.history.replaceState(null, "", fragment);
};
