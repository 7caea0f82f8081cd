//! Layers as plain numbers, in the order in which every framework exports them.

/// A 2-d convolution without dilation, batch norm folded in.
#[derive(Clone, PartialEq)]
pub struct ConvWeights {
    /// Channels that come out; a multiple of `groups`.
    pub out_channels: usize,
    /// Channels that one output channel looks at: all for a dense convolution, 1 for a depthwise one.
    pub in_channels_per_group: usize,
    /// Height and width of the kernel in pixels.
    pub kernel: (usize, usize),
    /// Step in pixels, the same in both directions.
    pub stride: usize,
    /// Zeros added on all four sides, in pixels.
    pub padding: usize,
    /// Number of groups: 1 for a dense convolution, the channel count for a depthwise one.
    pub groups: usize,
    /// `[out_channels][in_channels_per_group][kernel.0][kernel.1]`.
    pub weight: Vec<f32>,
    /// `[out_channels]`; zeros when the layer has none.
    pub bias: Vec<f32>,
}

impl ConvWeights {
    /// Channels that must flow in.
    #[must_use]
    pub fn in_channels(&self) -> usize {
        self.in_channels_per_group.saturating_mul(self.groups)
    }

    /// One input and one output channel a group.
    #[must_use]
    pub fn is_depthwise(&self) -> bool {
        self.in_channels_per_group == 1 && self.groups == self.out_channels
    }

    /// What is wrong with the numbers themselves, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        let (kh, kw) = self.kernel;
        if [self.out_channels, self.in_channels_per_group, kh, kw, self.stride, self.groups].contains(&0) {
            return Some("a size of zero".to_owned());
        }
        if !self.out_channels.is_multiple_of(self.groups) {
            return Some(format!("{} channels do not divide into {} groups", self.out_channels, self.groups));
        }
        let sizes = [self.out_channels, self.in_channels_per_group, kh, kw];
        if product(&sizes) != Some(self.weight.len()) {
            let wanted = sizes.map(|size| size.to_string()).join(" x ");
            return Some(format!("{wanted} weights are wanted, {} are there", self.weight.len()));
        }
        (self.bias.len() != self.out_channels)
            .then(|| format!("{} biases are wanted, {} are there", self.out_channels, self.bias.len()))
    }
}

/// A fully connected layer.
#[derive(Clone, PartialEq)]
pub struct LinearWeights {
    /// `[out][in]`, row by row.
    pub weight: Vec<f32>,
    /// `[out]`; its length is the number of outputs.
    pub bias: Vec<f32>,
}

impl LinearWeights {
    /// The same layer as a convolution whose kernel covers the whole `channels` x `height` x `width` input: flattening
    /// in C, H, W order is the order of a convolution's weights, so the numbers stay where they are.
    pub(super) fn into_conv(self, channels: usize, height: usize, width: usize) -> ConvWeights {
        ConvWeights {
            out_channels: self.bias.len(),
            in_channels_per_group: channels,
            kernel: (height, width),
            stride: 1,
            padding: 0,
            groups: 1,
            weight: self.weight,
            bias: self.bias,
        }
    }
}

/// What is applied to each value after bias (and residual).
#[derive(Clone, Debug, PartialEq)]
pub enum Activation {
    /// Nothing.
    None,
    /// max(x, 0).
    Relu,
    /// x where positive, else x times the channel's slope; one slope a channel.
    Prelu(Vec<f32>),
    /// 1 / (1 + exp(-x)).
    Sigmoid,
}

impl Activation {
    /// What is wrong with it for `channels` channels, if anything.
    pub(super) fn problem(&self, channels: usize) -> Option<String> {
        match self {
            Self::Prelu(slopes) if slopes.len() != channels => {
                Some(format!("{channels} slopes are wanted, {} are there", slopes.len()))
            }
            _ => None,
        }
    }
}

/// The product, or `None` on overflow.
pub(super) fn product(sizes: &[usize]) -> Option<usize> {
    sizes.iter().try_fold(1_usize, |all, &size| all.checked_mul(size))
}
