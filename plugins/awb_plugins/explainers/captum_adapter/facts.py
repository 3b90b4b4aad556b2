"""What is known of captum's methods: their sources, and why some cannot explain a clip."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

CAPTUM = "Kokhlikyan et al. (2020), arXiv:2009.07896"

CITATIONS: Mapping[str, str] = {
    "Deconvolution": "Zeiler & Fergus (2014), doi:10.1007/978-3-319-10590-1_53",
    "DeepLift": "Shrikumar et al. (2017), arXiv:1704.02685",
    "DeepLiftShap": "Lundberg & Lee (2017), arXiv:1705.07874",
    "GradientShap": "Lundberg & Lee (2017), arXiv:1705.07874",
    "GuidedBackprop": "Springenberg et al. (2014), arXiv:1412.6806",
    "GuidedGradCam": "Selvaraju et al. (2017), arXiv:1610.02391",
    "InputXGradient": "Shrikumar et al. (2016), arXiv:1605.01713",
    "IntegratedGradients": "Sundararajan et al. (2017), arXiv:1703.01365",
    "InternalInfluence": "Leino et al. (2018), arXiv:1802.03788",
    "KernelShap": "Lundberg & Lee (2017), arXiv:1705.07874",
    "LRP": "Bach et al. (2015), doi:10.1371/journal.pone.0130140",
    "LayerConductance": "Dhamdhere et al. (2018), arXiv:1805.12233",
    "LayerDeepLift": "Shrikumar et al. (2017), arXiv:1704.02685",
    "LayerDeepLiftShap": "Lundberg & Lee (2017), arXiv:1705.07874",
    "LayerGradCam": "Selvaraju et al. (2017), arXiv:1610.02391",
    "LayerGradientShap": "Lundberg & Lee (2017), arXiv:1705.07874",
    "LayerIntegratedGradients": "Sundararajan et al. (2017), arXiv:1703.01365",
    "LayerLRP": "Bach et al. (2015), doi:10.1371/journal.pone.0130140",
    "Lime": "Ribeiro et al. (2016), arXiv:1602.04938",
    "Occlusion": "Zeiler & Fergus (2014), doi:10.1007/978-3-319-10590-1_53",
    "Saliency": "Simonyan et al. (2013), arXiv:1312.6034",
    "ShapleyValueSampling": "Castro et al. (2009), doi:10.1016/j.cor.2008.04.004",
    "ShapleyValues": "Shapley (1953), A value for n-person games",
}

SIZES = ("sliding_window_shapes", "strides")
"""Arguments that are one whole number a dimension."""

FILLED_IN = {
    "additional_forward_args",
    "attr_dim_summation",
    "attribute_to_layer_input",
    "baselines",
    "layer_baselines",
    "memory_efficient",
    "return_convergence_delta",
    "return_input_shape",
    "show_progress",
    "verbose",
}
"""Arguments that awb gives, or that would change the form of what comes back."""

_PERMUTES = (
    "it permutes features among the clips of a batch, and an explanation is of one clip;"
    " type captum:FeatureAblation"
)
_LANGUAGE = "it attributes the text of a language model"
_REFUSED: Mapping[str, str] = {
    "DataLoaderAttribution": "it sums over the batches of a data set, and an explanation is of one"
    " clip",
    "FeaturePermutation": _PERMUTES,
    "LayerActivation": "it tells what a layer does, whichever class is explained;"
    " type captum:LayerGradientXActivation",
    "LayerFeaturePermutation": _PERMUTES,
    "LimeBase": "it wants functions, which cannot be typed; type captum:Lime",
    "LLMAttribution": _LANGUAGE,
    "LLMGradientAttribution": _LANGUAGE,
    "NoiseTunnel": "it wants another method to add noise to; awb's smoothgrad is that of Saliency",
    "RemoteLLMAttribution": _LANGUAGE,
}


def reason_against(name: str, kind: Any) -> str:
    """Say why awb cannot use a class of captum.

    Parameters
    ----------
    name : str
        Its name.
    kind : type
        The class.

    Returns
    -------
    str
        The reason; empty for a class that can be used.
    """
    import captum.attr

    if issubclass(kind, captum.attr.NeuronAttribution):
        return "it explains a neuron inside of the network, and not the score of the target"
    if name in _REFUSED:
        return _REFUSED[name]
    if not issubclass(
        kind,
        captum.attr.GradientAttribution
        | captum.attr.PerturbationAttribution
        | captum.attr.LayerAttribution,
    ):
        return "it is a method neither of gradients, nor of layers, nor of masks"
    given = {"inputs", "baselines", "sliding_window_shapes", "forward_func", "model", "layer"}
    for function in (kind.__init__, kind.attribute):
        for argument in list(inspect.signature(function).parameters.values())[1:]:
            named = argument.kind not in (argument.VAR_KEYWORD, argument.VAR_POSITIONAL)
            if named and argument.default is argument.empty and argument.name not in given:
                return f"it needs {argument.name}, which cannot be typed"
    return ""
