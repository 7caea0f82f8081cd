//! A cursor over an ONNX graph that follows the data, checks shapes, and remembers what it has seen.
//!
//! Job: let an architecture say "here comes a 3x3 convolution of 64 channels, then a `PReLU`" and get the numbers
//! with batch norms folded in, or the node that is something else. It must not know any architecture, and it never
//! looks at names.

use super::{
    layer::ConvSpec,
    onnx::{Constant, Graph, Node},
    tensors::Tensors,
};
use std::collections::{HashMap, HashSet};

/// How often over, in all, what the file holds may be taken out of it. Exports share what a network has once, as the slopes or
/// the heads of three strides; but a small file can name one large constant from a thousand nodes.
const MOST_SHARED: usize = 2;

/// The first node that is not what an architecture has there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differs {
    /// How many nodes agreed before it: the larger, the closer the architecture.
    pub agreed: usize,
    /// The node's name, or words where the graph ended.
    pub node: String,
    /// Its operator.
    pub op: String,
    /// What the architecture has there.
    pub expected: String,
}

/// A value of the graph and its channels.
pub type Value<'g> = (&'g str, usize);

/// `y = scale · x + shift`, channel by channel: a batch norm at inference.
struct Affine<'g> {
    node: &'g Node,
    value: &'g str,
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Affine<'_> {
    /// Applies it to the output of a layer with `bias.len()` outputs.
    fn fold(&self, weight: &mut [f32], bias: &mut [f32]) {
        let row = weight.len().checked_div(bias.len()).unwrap_or(0).max(1);
        for (((row, b), scale), shift) in weight.chunks_mut(row).zip(bias).zip(&self.scale).zip(&self.shift) {
            for w in row {
                *w *= scale;
            }
            *b = *b * scale + shift;
        }
    }
}

/// The cursor.
pub struct Walk<'g> {
    /// What was read so far, under the names that the architecture gives.
    pub tensors: Tensors,
    graph: &'g Graph,
    consumers: HashMap<&'g str, Vec<usize>>,
    seen: Vec<bool>,
    agreed: usize,
    /// Numbers that may still be taken.
    left: usize,
}

impl<'g> Walk<'g> {
    /// Starts before the first node. Arithmetic on shapes (what exporters write around `Resize` and `Reshape`) is
    /// set aside.
    pub fn new(graph: &'g Graph) -> Self {
        let mut seen = vec![false; graph.nodes.len()];
        let mut shapes: HashSet<&str> = HashSet::new();
        let mut consumers: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, node) in graph.nodes.iter().enumerate() {
            let known =
                |name: &String| name.is_empty() || graph.is_constant(name) || shapes.contains(name.as_str());
            if node.op() == "Shape" || node.inputs().iter().all(known) {
                shapes.insert(node.output());
                if let Some(seen) = seen.get_mut(index) {
                    *seen = true;
                }
                continue;
            }
            for input in node.inputs() {
                consumers.entry(input.as_str()).or_default().push(index);
            }
        }
        let left = graph.float_count().saturating_mul(MOST_SHARED);
        Self { tensors: Tensors::default(), graph, consumers, seen, agreed: 0, left }
    }

    /// The graph's only input.
    pub fn input(&self) -> Result<&'g str, Differs> {
        match self.graph.inputs.as_slice() {
            [one] => Ok(one),
            _ => Err(self.differs(self.graph.nodes.first(), "one input".to_owned())),
        }
    }

    /// Nodes not walked yet that read `value`.
    fn readers(&self, value: &str) -> impl Iterator<Item = (usize, &'g Node)> {
        let graph = self.graph;
        self.consumers
            .get(value)
            .into_iter()
            .flatten()
            .copied()
            .filter(|&i| self.seen.get(i) == Some(&false))
            .filter_map(|i| Some((i, graph.nodes.get(i)?)))
    }

    fn differs(&self, node: Option<&Node>, expected: String) -> Differs {
        Differs {
            agreed: self.agreed,
            node: node.map_or_else(|| "the end of the graph".to_owned(), |n| n.name().to_owned()),
            op: node.map_or_else(|| "nothing".to_owned(), |n| n.op().to_owned()),
            expected,
        }
    }

    /// What reads `value` is not what was expected.
    pub fn unexpected(&self, value: &str, expected: &str) -> Differs {
        self.differs(self.readers(value).next().map(|(_, n)| n), expected.to_owned())
    }

    fn take(
        &mut self,
        value: &str,
        expected: impl Fn() -> String,
        accept: impl Fn(&Node) -> bool,
    ) -> Result<&'g Node, Differs> {
        let found = self.readers(value).find(|(_, node)| accept(node));
        let Some((index, node)) = found else { return Err(self.unexpected(value, &expected())) };
        if let Some(seen) = self.seen.get_mut(index) {
            *seen = true;
        }
        self.agreed += 1;
        Ok(node)
    }

    /// Keeps what was read from `node`.
    fn keep(&mut self, node: &Node, name: String, shape: &[usize], values: Vec<f32>) -> Result<(), Differs> {
        let Some(left) = self.left.checked_sub(values.len()) else {
            return Err(self.differs(Some(node), "a node with weights of its own".to_owned()));
        };
        self.left = left;
        self.tensors.insert(name, shape, values);
        Ok(())
    }

    /// Whether a convolution of that kind reads `value`.
    pub fn has_conv(&self, value: &str, spec: ConvSpec) -> bool {
        self.readers(value).any(|(_, n)| is_conv(self.graph, n, value, spec))
    }

    /// Whether an operator of that type reads `value`.
    pub fn has(&self, value: &str, op: &str) -> bool {
        self.readers(value).any(|(_, n)| n.op() == op)
    }

    /// A convolution, kept as `name.weight` and `name.bias`. A batch norm after it, or a product with one number,
    /// is folded in.
    pub fn conv(&mut self, value: &str, spec: ConvSpec, name: &str) -> Result<Value<'g>, Differs> {
        let graph = self.graph;
        let node = self.take(value, || spec.to_string(), |n| is_conv(graph, n, value, spec))?;
        let bad = |what: &str| self.differs(Some(node), format!("{spec} with {what}"));
        let Constant { shape, values: mut weight } =
            graph.floats(node.input(1)).ok_or_else(|| bad("f32 weights"))?;
        let channels = shape.first().copied().unwrap_or(0);
        let mut bias = match node.input(2) {
            "" => vec![0.0; channels],
            name => self.bias(node, name, channels)?,
        };
        let mut value = node.output();
        if self.readers(value).count() == 1 {
            if self.has(value, "BatchNormalization") {
                let bn = self.affine(value, channels)?;
                bn.fold(&mut weight, &mut bias);
                value = bn.value;
            } else if let Some((scaled, factor)) = self.scale(value) {
                weight.iter_mut().chain(&mut bias).for_each(|w| *w *= factor);
                value = scaled;
            }
        }
        self.keep(node, format!("{name}.weight"), &shape, weight)?;
        self.keep(node, format!("{name}.bias"), &[channels], bias)?;
        Ok((value, channels))
    }

    /// A batch norm by itself, kept as a scale `name.weight` and a shift `name.bias`.
    pub fn batch_norm(&mut self, (value, channels): Value<'_>, name: &str) -> Result<&'g str, Differs> {
        let bn = self.affine(value, channels)?;
        self.keep(bn.node, format!("{name}.weight"), &[channels], bn.scale)?;
        self.keep(bn.node, format!("{name}.bias"), &[channels], bn.shift)?;
        Ok(bn.value)
    }

    fn affine(&mut self, value: &str, channels: usize) -> Result<Affine<'g>, Differs> {
        let expected = || format!("a BatchNormalization of {channels} channels");
        let node = self.take(value, expected, |n| n.op() == "BatchNormalization" && n.input(0) == value)?;
        let eps = f64::from(node.float("epsilon", 1e-5));
        let read = |index: usize| {
            self.graph
                .floats(node.input(index))
                .filter(|c| c.values.len() == channels)
                .ok_or_else(|| self.differs(Some(node), expected()))
        };
        let (gamma, beta, mean, var) = (read(1)?, read(2)?, read(3)?, read(4)?);
        let mut scale = Vec::with_capacity(gamma.values.len());
        let mut shift = Vec::with_capacity(gamma.values.len());
        for (((&g, &b), &m), &v) in gamma.values.iter().zip(&beta.values).zip(&mean.values).zip(&var.values) {
            let s = f64::from(g) / (f64::from(v) + eps).sqrt();
            scale.push(s as f32);
            shift.push((f64::from(b) - f64::from(m) * s) as f32);
        }
        Ok(Affine { node, value: node.output(), scale, shift })
    }

    /// A `PReLU`, its slopes kept as `name.weight`, one per channel.
    pub fn prelu(&mut self, (value, channels): Value<'_>, name: &str) -> Result<&'g str, Differs> {
        let expected = || format!("a PRelu of {channels} channels");
        let node = self.take(value, expected, |n| n.op() == "PRelu" && n.input(0) == value)?;
        let slopes = self.graph.floats(node.input(1)).map(|c| c.values).unwrap_or_default();
        let slopes = match slopes.as_slice() {
            &[one] => vec![one; channels],
            many if many.len() == channels => slopes,
            _ => return Err(self.differs(Some(node), expected())),
        };
        self.keep(node, format!("{name}.weight"), &[channels], slopes)?;
        Ok(node.output())
    }

    /// A 2x2 window with step 2: `MaxPool` or `AveragePool`.
    pub fn pool2x2(&mut self, op: &str, value: &str) -> Result<&'g str, Differs> {
        let halves = |n: &Node| {
            n.ints("kernel_shape", &[]) == [2, 2]
                && n.ints("strides", &[1, 1]) == [2, 2]
                && n.ints("pads", &[0; 4]) == [0; 4]
        };
        self.simple(op, value, halves)
    }

    /// A `Resize` that repeats every value 2 x 2. A size that is computed is taken to be that of the level below.
    pub fn upsample2x(&mut self, value: &str) -> Result<&'g str, Differs> {
        let graph = self.graph;
        let repeats = |n: &Node| {
            let asymmetric = n.text("coordinate_transformation_mode", "half_pixel") == "asymmetric";
            let floor = n.text("nearest_mode", "round_prefer_floor") == "floor";
            let scales = graph.floats(n.input(2)).map(|c| c.values);
            n.text("mode", "nearest") == "nearest"
                && asymmetric == floor
                && scales.is_none_or(|s| s == [1.0, 1.0, 2.0, 2.0])
        };
        self.simple("Resize", value, repeats)
    }

    /// An operator without parameters that reads `value` alone.
    pub fn simple(
        &mut self,
        op: &str,
        value: &str,
        accept: impl Fn(&Node) -> bool,
    ) -> Result<&'g str, Differs> {
        Ok(self.take(value, || format!("a {op}"), |n| n.op() == op && accept(n))?.output())
    }

    /// The sum of two values.
    pub fn add(&mut self, a: &str, b: &str) -> Result<&'g str, Differs> {
        self.both("Add", a, b)
    }

    /// The product of two values.
    pub fn multiply(&mut self, a: &str, b: &str) -> Result<&'g str, Differs> {
        self.both("Mul", a, b)
    }

    fn both(&mut self, op: &str, a: &str, b: &str) -> Result<&'g str, Differs> {
        let expected = || format!("a {op} with the other branch");
        let reads = |n: &Node| [(0, 1), (1, 0)].iter().any(|&(i, j)| n.input(i) == a && n.input(j) == b);
        Ok(self.take(a, expected, |n| n.op() == op && reads(n))?.output())
    }

    /// A product with one constant number, where there is one.
    fn scale(&mut self, value: &str) -> Option<(&'g str, f32)> {
        let graph = self.graph;
        let factor = |n: &Node| {
            let other = if n.input(0) == value { n.input(1) } else { n.input(0) };
            let is_one = graph.shape(other).is_some_and(|shape| shape.iter().all(|&side| side == 1));
            graph.floats(other).filter(|_| is_one)?.values.first().copied()
        };
        let node = self.take(value, String::new, |n| n.op() == "Mul" && factor(n).is_some()).ok()?;
        Some((node.output(), factor(node)?))
    }

    /// (N, C, H, W) to (N, C·H·W), as `Flatten` or `Reshape`.
    pub fn flatten(&mut self, value: &str, length: usize) -> Result<&'g str, Differs> {
        let graph = self.graph;
        let rows = |n: &Node| match graph.integers(n.input(1)) {
            Some(shape) => {
                shape.values.len() == 2
                    && (shape.values.last().is_some_and(|&v| v == -1 || v == length as i64))
            }
            None => true, // computed from the input's shape
        };
        let flat = |n: &Node| {
            (n.op() == "Flatten" && n.int("axis", 1) == 1)
                || (n.op() == "Reshape" && n.input(0) == value && rows(n))
        };
        Ok(self.take(value, || format!("a Flatten to {length} numbers"), flat)?.output())
    }

    /// A fully connected layer, as `Gemm` or `MatMul` and `Add`, with the batch norm after it where there is one.
    /// Kept as `name.weight` (out, in) and `name.bias`.
    pub fn linear(
        &mut self,
        value: &str,
        input: usize,
        output: usize,
        name: &str,
    ) -> Result<&'g str, Differs> {
        let graph = self.graph;
        let expected = || format!("a Gemm or MatMul from {input} to {output} numbers");
        let plain = |n: &Node| {
            n.input(0) == value
                && (n.op() == "MatMul"
                    || (n.op() == "Gemm"
                        && n.float("alpha", 1.0) == 1.0
                        && n.float("beta", 1.0) == 1.0
                        && n.int("transA", 0) == 0))
        };
        let node = self.take(value, expected, plain)?;
        let rows_are_outputs = node.op() == "Gemm" && node.int("transB", 0) == 1;
        let shape = if rows_are_outputs { [output, input] } else { [input, output] };
        let weight = graph
            .floats(node.input(1))
            .filter(|c| c.shape == shape)
            .ok_or_else(|| self.differs(Some(node), expected()))?;
        let mut weight =
            if rows_are_outputs { weight.values } else { transposed(&weight.values, input, output) };
        let mut value = node.output();
        let mut bias = vec![0.0; output];
        if !node.input(2).is_empty() {
            bias = self.bias(node, node.input(2), output)?;
        } else if node.op() == "MatMul" && self.has(value, "Add") {
            let add = self.take(value, || "an Add of the bias".to_owned(), |n| n.op() == "Add")?;
            let other = if add.input(0) == value { add.input(1) } else { add.input(0) };
            bias = self.bias(add, other, output)?;
            value = add.output();
        }
        if self.has(value, "BatchNormalization") {
            let bn = self.affine(value, output)?;
            bn.fold(&mut weight, &mut bias);
            value = bn.value;
        }
        self.keep(node, format!("{name}.weight"), &[output, input], weight)?;
        self.keep(node, format!("{name}.bias"), &[output], bias)?;
        Ok(value)
    }

    /// As [`Self::linear`], with as many outputs as the weights say.
    pub fn linear_of_any_length(
        &mut self,
        value: &str,
        input: usize,
        name: &str,
    ) -> Result<Value<'g>, Differs> {
        let graph = self.graph;
        let is_layer = |node: &Node| matches!(node.op(), "Gemm" | "MatMul");
        let outputs = self.readers(value).filter(|(_, node)| is_layer(node)).find_map(|(_, node)| {
            let shape = graph.shape(node.input(1))?;
            if node.int("transB", 0) == 1 { shape.first().copied() } else { shape.last().copied() }
        });
        let Some(output) = outputs.filter(|&output| output > 0) else {
            return Err(self.unexpected(value, &format!("a Gemm or MatMul from {input} numbers")));
        };
        Ok((self.linear(value, input, output, name)?, output))
    }

    fn bias(&self, node: &Node, name: &str, length: usize) -> Result<Vec<f32>, Differs> {
        let values = self.graph.floats(name).map(|c| c.values).filter(|v| v.len() == length);
        values.ok_or_else(|| self.differs(Some(node), format!("a bias of {length} numbers")))
    }

    /// Nothing may be left, and `value` is what the graph gives out.
    pub fn finish(&self, values: &[&str]) -> Result<(), Differs> {
        if let Some(node) = self.graph.nodes.iter().zip(&self.seen).find_map(|(n, seen)| (!seen).then_some(n))
        {
            return Err(self.differs(Some(node), "the graph to end before it".to_owned()));
        }
        if !self.graph.outputs.iter().all(|o| values.contains(&o.as_str())) {
            return Err(self.differs(None, "no other outputs".to_owned()));
        }
        Ok(())
    }
}

fn is_conv(graph: &Graph, node: &Node, value: &str, spec: ConvSpec) -> bool {
    node.op() == "Conv"
        && node.input(0) == value
        && graph.shape(node.input(1)).is_some_and(|shape| spec.fits(&shape))
        && node.int("group", 1) == spec.group_count() as i64
        && node.ints("strides", &[1, 1]) == [spec.stride as i64; 2]
        && node.ints("pads", &[0; 4]) == [spec.padding() as i64; 4]
        && node.ints("dilations", &[1, 1]) == [1, 1]
        && node.text("auto_pad", "NOTSET") == "NOTSET"
}

/// (rows, columns) to (columns, rows).
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|c| values.iter().skip(c).step_by(columns.max(1)).take(rows).copied()).collect()
}
