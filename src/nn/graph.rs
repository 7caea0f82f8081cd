//! The network as a list of nodes, each naming earlier ones, and the check that every shape fits.
//!
//! Building never fails; [`Graph::shapes`] says what does not fit, so that a model's constructor reads like its paper.

use super::{Activation, ConvWeights, LinearWeights, NnError, layers::product, pack::Window};

/// A static network in inference form, over f32. Shapes are those of one picture.
#[derive(Clone)]
pub struct Graph {
    input_channels: usize,
    nodes: Vec<Op>,
    outputs: Vec<(NodeId, String)>,
}

/// A value in the graph that built it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) usize);

/// Size of one value: channels, height and width in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Channels.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { channels, height, width } = self;
        write!(f, "{channels} channels of {height} x {width} pixels")
    }
}

impl Shape {
    /// Number of values.
    #[must_use]
    pub fn len(self) -> usize {
        self.channels * self.height * self.width
    }

    /// True when there is no value at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// One node; its inputs always come before it.
#[derive(Clone)]
pub(super) enum Op {
    Input,
    Conv { x: NodeId, weights: ConvWeights, residual: Option<NodeId>, activation: Activation },
    Linear { x: NodeId, weights: LinearWeights },
    Affine { x: NodeId, scale: Vec<f32>, shift: Vec<f32> },
    Add { a: NodeId, b: NodeId },
    Upsample { x: NodeId },
    Pool { x: NodeId, kind: Pool },
    GlobalPool { x: NodeId },
    Gate { x: NodeId, gate: NodeId },
}

/// How a 2 x 2 window becomes one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pool {
    Max,
    Average,
}

impl Graph {
    /// A graph whose input is `channels` x H x W; H and W are given when it is compiled. Returns the input's id.
    #[must_use]
    pub fn new(channels: usize) -> (Self, NodeId) {
        let graph = Self { input_channels: channels, nodes: vec![Op::Input], outputs: Vec::new() };
        (graph, NodeId(0))
    }

    /// activation(conv(x) + bias).
    pub fn conv(&mut self, x: NodeId, weights: ConvWeights, activation: Activation) -> NodeId {
        self.push(Op::Conv { x, weights, residual: None, activation })
    }

    /// activation(conv(x) + bias + residual): the end of a residual block.
    pub fn conv_add(
        &mut self,
        x: NodeId,
        weights: ConvWeights,
        residual: NodeId,
        activation: Activation,
    ) -> NodeId {
        self.push(Op::Conv { x, weights, residual: Some(residual), activation })
    }

    /// x * scale + shift, one pair a channel: a batch norm that padding or an activation keeps from being folded.
    /// Behind a convolution it costs one more store and no pass of its own.
    pub fn affine(&mut self, x: NodeId, scale: Vec<f32>, shift: Vec<f32>) -> NodeId {
        self.push(Op::Affine { x, scale, shift })
    }

    /// a + b, of equal shape. Prefer [`Graph::conv_add`] where one side is a convolution.
    pub fn add(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.push(Op::Add { a, b })
    }

    /// Twice the height and width, each value repeated 2 x 2.
    pub fn upsample2x_nearest(&mut self, x: NodeId) -> NodeId {
        self.push(Op::Upsample { x })
    }

    /// Largest of each 2 x 2 window, step 2. Height and width must be even.
    pub fn max_pool2x2(&mut self, x: NodeId) -> NodeId {
        self.push(Op::Pool { x, kind: Pool::Max })
    }

    /// Mean of each 2 x 2 window, step 2. Height and width must be even.
    pub fn avg_pool2x2(&mut self, x: NodeId) -> NodeId {
        self.push(Op::Pool { x, kind: Pool::Average })
    }

    /// Mean of each channel; gives channels x 1 x 1.
    pub fn global_avg_pool(&mut self, x: NodeId) -> NodeId {
        self.push(Op::GlobalPool { x })
    }

    /// x * gate, `gate` being channels x 1 x 1: the end of a squeeze-and-excitation block.
    pub fn gate(&mut self, x: NodeId, gate: NodeId) -> NodeId {
        self.push(Op::Gate { x, gate })
    }

    /// Flattens x in C, H, W order and applies a fully connected layer; gives out x 1 x 1.
    pub fn flatten_linear(&mut self, x: NodeId, weights: LinearWeights) -> NodeId {
        self.push(Op::Linear { x, weights })
    }

    /// Names x as an output; outputs are numbered in the order of these calls.
    pub fn output(&mut self, x: NodeId, name: impl Into<String>) {
        self.outputs.push((x, name.into()));
    }

    /// Names of the outputs, in order.
    pub fn output_names(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|(_, name)| name.as_str())
    }

    /// Checks every layer and gives the shape of every node for an input of `height` x `width` pixels.
    pub fn shapes(&self, height: usize, width: usize) -> Result<Vec<Shape>, NnError> {
        let shapes = self.node_shapes(height, width)?;
        match self.outputs.iter().find(|(id, _)| id.0 >= shapes.len()) {
            None if !self.outputs.is_empty() => Ok(shapes),
            found => Err(NnError::Shape {
                node: found.map_or(0, |(id, _)| id.0),
                layer: "output",
                problem: "every network needs an output, and it must be one of its nodes".to_owned(),
            }),
        }
    }

    /// As [`Graph::shapes`], for a graph that may not have its outputs yet.
    #[cfg(test)]
    pub(super) fn shapes_of_unfinished(&self, height: usize, width: usize) -> Vec<Shape> {
        self.node_shapes(height, width).unwrap()
    }

    fn node_shapes(&self, height: usize, width: usize) -> Result<Vec<Shape>, NnError> {
        let input = Shape { channels: self.input_channels, height, width };
        let mut shapes = Vec::with_capacity(self.nodes.len());
        for (node, op) in self.nodes.iter().enumerate() {
            let shape = op
                .shape(input, &shapes)
                .and_then(within_bounds)
                .map_err(|problem| NnError::Shape { node, layer: op.name(), problem })?;
            shapes.push(shape);
        }
        Ok(shapes)
    }

    pub(super) fn nodes(&self) -> &[Op] {
        &self.nodes
    }

    pub(super) fn outputs(&self) -> impl ExactSizeIterator<Item = NodeId> {
        self.outputs.iter().map(|(id, _)| *id)
    }

    fn push(&mut self, op: Op) -> NodeId {
        self.nodes.push(op);
        NodeId(self.nodes.len() - 1)
    }
}

impl Op {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Conv { .. } => "convolution",
            Self::Linear { .. } => "fully connected",
            Self::Affine { .. } => "affine",
            Self::Add { .. } => "add",
            Self::Upsample { .. } => "upsample",
            Self::Pool { .. } => "pool",
            Self::GlobalPool { .. } => "global pool",
            Self::Gate { .. } => "gate",
        }
    }

    /// The nodes it reads.
    pub(super) fn inputs(&self) -> impl Iterator<Item = NodeId> {
        let (first, second) = match self {
            Self::Input => (None, None),
            Self::Conv { x, residual, .. } => (Some(*x), *residual),
            Self::Add { a, b } => (Some(*a), Some(*b)),
            Self::Gate { x, gate } => (Some(*x), Some(*gate)),
            Self::Linear { x, .. }
            | Self::Affine { x, .. }
            | Self::Upsample { x }
            | Self::Pool { x, .. }
            | Self::GlobalPool { x } => (Some(*x), None),
        };
        first.into_iter().chain(second)
    }

    /// The shape it gives, or what does not fit.
    fn shape(&self, input: Shape, earlier: &[Shape]) -> Result<Shape, String> {
        let of = |id: &NodeId| earlier.get(id.0).copied().ok_or("it reads a node that comes after it");
        match self {
            Self::Input => Ok(input),
            Self::Conv { x, weights, residual, activation } => {
                let shape = conv_shape(of(x)?, weights, activation)?;
                residual.as_ref().map_or(Ok(shape), |r| same(shape, of(r)?))
            }
            Self::Linear { x, weights } => linear_shape(of(x)?, weights),
            Self::Affine { x, scale, shift } => {
                let shape = of(x)?;
                let fits = scale.len() == shape.channels && shift.len() == shape.channels;
                let wrong = || format!("{} scales and {} shifts for {shape}", scale.len(), shift.len());
                fits.then_some(shape).ok_or_else(wrong)
            }
            Self::Add { a, b } => same(of(a)?, of(b)?),
            Self::Upsample { x } => {
                let Shape { channels, height, width } = of(x)?;
                Ok(Shape { channels, height: height * 2, width: width * 2 })
            }
            Self::Pool { x, .. } => {
                let Shape { channels, height, width } = of(x)?;
                if height % 2 + width % 2 != 0 {
                    return Err(format!("{height} x {width} pixels do not halve"));
                }
                Ok(Shape { channels, height: height / 2, width: width / 2 })
            }
            Self::GlobalPool { x } => Ok(Shape { height: 1, width: 1, ..of(x)? }),
            Self::Gate { x, gate } => {
                let (shape, gate) = (of(x)?, of(gate)?);
                let fits = gate == Shape { height: 1, width: 1, ..shape };
                fits.then_some(shape).ok_or_else(|| format!("{gate} cannot gate {shape}"))
            }
        }
    }
}

fn conv_shape(x: Shape, weights: &ConvWeights, activation: &Activation) -> Result<Shape, String> {
    if let Some(problem) = weights.problem().or_else(|| activation.problem(weights.out_channels)) {
        return Err(problem);
    }
    if weights.in_channels() != x.channels {
        return Err(format!("it takes {} channels and is given {}", weights.in_channels(), x.channels));
    }
    let ((kh, kw), padding) = (weights.kernel, weights.padding);
    let size = format!("{} x {}", x.height, x.width);
    let wrong =
        || format!("a {kh} x {kw} kernel does not fit into {size} pixels with a padding of {padding}");
    Window::of(weights).output(x).ok_or_else(wrong)
}

fn linear_shape(x: Shape, weights: &LinearWeights) -> Result<Shape, String> {
    let out = weights.bias.len();
    if product(&[out, x.len()]) != Some(weights.weight.len()) {
        return Err(format!("{} weights for {} inputs and {out} outputs", weights.weight.len(), x.len()));
    }
    Ok(Shape { channels: out, height: 1, width: 1 })
}

fn same(a: Shape, b: Shape) -> Result<Shape, String> {
    if a == b { Ok(a) } else { Err(format!("{a} and {b} are added")) }
}

/// Refuses empty values and ones so large that only a broken file can mean them.
fn within_bounds(shape: Shape) -> Result<Shape, String> {
    const MOST_VALUES: usize = 1 << 28;
    match product(&[shape.channels, shape.height, shape.width]) {
        Some(1..=MOST_VALUES) => Ok(shape),
        _ => Err(format!("a value of {shape} is empty or absurdly large")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conv(out: usize, input: usize, kernel: usize) -> ConvWeights {
        ConvWeights {
            out_channels: out,
            in_channels_per_group: input,
            kernel: (kernel, kernel),
            stride: 2,
            padding: 1,
            groups: 1,
            weight: vec![0.0; out * input * kernel * kernel],
            bias: vec![0.0; out],
        }
    }

    fn problem_of(build: impl Fn(&mut Graph, NodeId) -> NodeId) -> String {
        let (mut graph, x) = Graph::new(3);
        build(&mut graph, x);
        graph.output(x, "x");
        graph.shapes(9, 8).map_or_else(|error| error.to_string(), |_| String::new())
    }

    #[test]
    fn shapes_follow_the_layers() {
        let (mut graph, x) = Graph::new(3);
        let y = graph.conv(x, conv(5, 3, 3), Activation::Relu);
        let y = graph.upsample2x_nearest(y);
        let y = graph.max_pool2x2(y);
        let y =
            graph.flatten_linear(y, LinearWeights { weight: vec![0.0; 5 * 5 * 4 * 7], bias: vec![0.0; 7] });
        graph.output(y, "y");
        let shapes = graph.shapes(9, 8).unwrap();
        assert_eq!(shapes[1], Shape { channels: 5, height: 5, width: 4 });
        assert_eq!(shapes[2], Shape { channels: 5, height: 10, width: 8 });
        assert_eq!(shapes[4], Shape { channels: 7, height: 1, width: 1 });
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let none = || Activation::None;
        let padded = |padding| {
            move |g: &mut Graph, x| g.conv(x, ConvWeights { padding, ..conv(2, 3, 3) }, Activation::None)
        };
        let cases: [(&str, String); 11] = [
            ("takes 4 channels", problem_of(|g, x| g.conv(x, conv(2, 4, 3), none()))),
            ("11 x 11 kernel does not fit into 9 x 8", problem_of(|g, x| g.conv(x, conv(2, 3, 11), none()))),
            ("does not fit", problem_of(padded(usize::MAX))),
            ("does not fit", problem_of(padded(usize::MAX / 2 - 2))),
            ("absurdly large", problem_of(padded(usize::MAX / 8))),
            ("2 slopes", problem_of(|g, x| g.conv(x, conv(2, 3, 3), Activation::Prelu(vec![0.0])))),
            ("do not halve", problem_of(Graph::max_pool2x2)),
            ("are added", problem_of(|g, x| g.conv_add(x, conv(3, 3, 3), x, none()))),
            ("comes after", problem_of(|g, x| g.add(x, NodeId(7)))),
            ("cannot gate", problem_of(|g, x| g.gate(x, x))),
            (
                "size of zero",
                problem_of(|g, x| g.conv(x, ConvWeights { stride: 0, ..conv(2, 3, 3) }, none())),
            ),
        ];
        for (wanted, got) in cases {
            assert!(got.contains(wanted), "{wanted:?} is not in {got:?}");
        }
    }

    #[test]
    fn a_graph_without_outputs_or_with_an_empty_input_is_refused() {
        let (mut graph, x) = Graph::new(3);
        assert!(graph.shapes(8, 8).is_err());
        graph.output(x, "x");
        assert!(graph.shapes(8, 8).is_ok());
        assert!(graph.shapes(0, 8).is_err());
        assert!(graph.shapes(usize::MAX, 8).is_err());
    }
}
