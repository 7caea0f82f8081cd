//! The part of ONNX that a face network needs, as protobuf messages written by hand, and a graph that can be
//! walked by data flow.
//!
//! Job: bytes in, nodes and constant arrays out. It must not know any network. Field numbers are those of
//! `onnx.proto3` (<https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3>); fields left out are skipped by prost.

use prost::Message as _;
use std::collections::HashMap;

#[derive(Clone, PartialEq, prost::Message)]
struct ModelProto {
    #[prost(message, optional, tag = "7")]
    graph: Option<GraphProto>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct GraphProto {
    #[prost(message, repeated, tag = "1")]
    node: Vec<NodeProto>,
    #[prost(message, repeated, tag = "5")]
    initializer: Vec<TensorProto>,
    #[prost(message, repeated, tag = "11")]
    input: Vec<ValueInfoProto>,
    #[prost(message, repeated, tag = "12")]
    output: Vec<ValueInfoProto>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ValueInfoProto {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct NodeProto {
    #[prost(string, repeated, tag = "1")]
    input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    output: Vec<String>,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(string, tag = "4")]
    op_type: String,
    #[prost(message, repeated, tag = "5")]
    attribute: Vec<AttributeProto>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AttributeProto {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(float, tag = "2")]
    f: f32,
    #[prost(int64, tag = "3")]
    i: i64,
    #[prost(bytes = "vec", tag = "4")]
    s: Vec<u8>,
    #[prost(message, optional, tag = "5")]
    t: Option<TensorProto>,
    #[prost(int64, repeated, tag = "8")]
    ints: Vec<i64>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct TensorProto {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(float, repeated, tag = "4")]
    float_data: Vec<f32>,
    #[prost(int64, repeated, tag = "7")]
    int64_data: Vec<i64>,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes = "vec", tag = "9")]
    raw_data: Vec<u8>,
}

/// `TensorProto.DataType.FLOAT`.
const FLOAT: i32 = 1;
/// `TensorProto.DataType.INT64`.
const INT64: i32 = 7;

/// More messages, texts and whole numbers than any network here has: an `IResNet` of 100 layers has fewer than 20,000. Decoded,
/// an empty message takes a hundred times the two bytes that it has in the file, and a number of one byte takes eight.
const MAX_FIELDS: usize = 100_000;

/// The messages whose fields are counted, by what is read of each.
#[derive(Clone, Copy)]
enum Level {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Value,
}

impl Level {
    fn inside(self, field: u64) -> Option<Self> {
        match (self, field) {
            (Self::Model, 7) => Some(Self::Graph),
            (Self::Graph, 1) => Some(Self::Node),
            (Self::Node, 5) => Some(Self::Attribute),
            (Self::Graph | Self::Attribute, 5) => Some(Self::Tensor),
            (Self::Graph, 11 | 12) => Some(Self::Value),
            _ => None,
        }
    }

    /// Whether a field is a list of whole numbers, most of which have one byte.
    fn lists_numbers(self, field: u64) -> bool {
        matches!((self, field), (Self::Attribute, 8) | (Self::Tensor, 1 | 7))
    }
}

/// Walks over the file before anything of it is decoded. `None` where it is no protobuf, or has more than
/// [`MAX_FIELDS`] messages, texts and whole numbers.
fn count_fields(mut bytes: &[u8], message: Level, count: &mut usize) -> Option<()> {
    while !bytes.is_empty() {
        let key = varint(&mut bytes)?;
        let length = match key & 7 {
            0 => {
                varint(&mut bytes)?;
                0
            }
            1 => 8,
            2 => usize::try_from(varint(&mut bytes)?).ok()?,
            5 => 4,
            _ => return None,
        };
        let (content, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        *count += match key & 7 {
            2 if message.lists_numbers(key >> 3) => length,
            0 | 2 => 1,
            _ => 0,
        };
        if *count > MAX_FIELDS {
            return None;
        }
        if key & 7 == 2
            && let Some(inside) = message.inside(key >> 3)
        {
            count_fields(content, inside, count)?;
        }
    }
    Some(())
}

/// A number of at most ten bytes, seven bits each, the lowest first.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// One operation of the graph.
pub struct Node(NodeProto);

impl Node {
    /// The operator, as `Conv`.
    pub fn op(&self) -> &str {
        &self.0.op_type
    }

    /// The node's name, or that of its first output where it has none.
    pub fn name(&self) -> &str {
        if self.0.name.is_empty() { self.output() } else { &self.0.name }
    }

    /// The `index`-th input's name; empty when absent.
    pub fn input(&self, index: usize) -> &str {
        self.0.input.get(index).map_or("", String::as_str)
    }

    /// All inputs' names.
    pub fn inputs(&self) -> &[String] {
        &self.0.input
    }

    /// The first output's name; empty when the node has none.
    pub fn output(&self) -> &str {
        self.0.output.first().map_or("", String::as_str)
    }

    fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.0.attribute.iter().find(|a| a.name == name)
    }

    /// A list attribute, or the default when absent.
    pub fn ints(&self, name: &str, default: &[i64]) -> Vec<i64> {
        self.attribute(name).map_or_else(|| default.to_vec(), |a| a.ints.clone())
    }

    /// An integer attribute, or the default when absent.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |a| a.i)
    }

    /// A float attribute, or the default when absent.
    pub fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |a| a.f)
    }

    /// A text attribute, or the default when absent.
    pub fn text<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.attribute(name).map_or(default, |a| std::str::from_utf8(&a.s).unwrap_or(""))
    }
}

/// A constant array of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant<T> {
    /// Shape; empty for a scalar.
    pub shape: Vec<usize>,
    /// Row-major values.
    pub values: Vec<T>,
}

/// A graph whose constants and no-ops are resolved: `Constant` nodes are constants, and the outputs of
/// `Identity` and `Dropout` are the names of their inputs.
pub struct Graph {
    /// Every other node, in the file's order.
    pub nodes: Vec<Node>,
    /// Inputs that are not constants.
    pub inputs: Vec<String>,
    /// Outputs.
    pub outputs: Vec<String>,
    constants: HashMap<String, TensorProto>,
}

impl Graph {
    /// Decodes a file; `None` when it is no ONNX model (or is cut).
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        count_fields(bytes, Level::Model, &mut 0)?;
        let graph = ModelProto::decode(bytes).ok()?.graph?;
        let mut constants: HashMap<String, TensorProto> =
            graph.initializer.into_iter().map(|t| (t.name.clone(), t)).collect();
        let mut alias: HashMap<String, String> = HashMap::new();
        let mut nodes = Vec::new();
        for mut node in graph.node {
            for input in &mut node.input {
                if let Some(original) = alias.get(input) {
                    input.clone_from(original);
                }
            }
            let first = |names: &[String]| names.first().cloned().unwrap_or_default();
            match node.op_type.as_str() {
                "Constant" => {
                    let name = first(&node.output);
                    if let Some(tensor) = node.attribute.into_iter().find_map(|a| a.t) {
                        constants.insert(name, tensor);
                    }
                }
                // Unsqueezed are slopes of a PReLU, where constants were not folded: the numbers stay, and nobody asks for the
                // shape. A name more and not a copy: a small file can name a large constant often.
                op if matches!(op, "Identity" | "Dropout")
                    || op == "Unsqueeze" && constants.contains_key(&first(&node.input)) =>
                {
                    alias.insert(first(&node.output), first(&node.input));
                }
                _ => nodes.push(Node(node)),
            }
        }
        let outputs =
            graph.output.into_iter().map(|v| alias.get(&v.name).cloned().unwrap_or(v.name)).collect();
        let inputs = graph.input.into_iter().map(|v| v.name).filter(|n| !constants.contains_key(n)).collect();
        Some(Self { nodes, inputs, outputs, constants })
    }

    /// Whether a name is a constant.
    pub fn is_constant(&self, name: &str) -> bool {
        self.constants.contains_key(name)
    }

    /// The shape of a constant, whatever its type.
    pub fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.constants.get(name)?.dims.iter().map(|&d| usize::try_from(d).ok()).collect()
    }

    /// How many numbers all constants of f32 hold.
    pub fn float_count(&self) -> usize {
        let count = |t: &TensorProto| t.raw_data.len() / size_of::<f32>() + t.float_data.len();
        self.constants.values().filter(|t| t.data_type == FLOAT).map(count).sum()
    }

    /// A constant of f32; `None` when there is none, it is empty, or its data does not fill its shape.
    pub fn floats(&self, name: &str) -> Option<Constant<f32>> {
        let t = self.constants.get(name).filter(|t| t.data_type == FLOAT)?;
        let values = if t.raw_data.is_empty() {
            t.float_data.clone()
        } else {
            words(&t.raw_data)?.map(f32::from_le_bytes).collect()
        };
        filled(self.shape(name)?, values)
    }

    /// A constant of i64; `None` as in [`Self::floats`].
    pub fn integers(&self, name: &str) -> Option<Constant<i64>> {
        let t = self.constants.get(name).filter(|t| t.data_type == INT64)?;
        let values = if t.raw_data.is_empty() {
            t.int64_data.clone()
        } else {
            words(&t.raw_data)?.map(i64::from_le_bytes).collect()
        };
        filled(self.shape(name)?, values)
    }
}

/// Little-endian words of `N` bytes, when the bytes divide evenly.
fn words<const N: usize>(raw: &[u8]) -> Option<impl Iterator<Item = [u8; N]>> {
    raw.len().is_multiple_of(N).then(|| raw.as_chunks::<N>().0.iter().copied())
}

/// The array, when the values fill the shape. An empty one is none: beside a side of 0 the others could be any number, and
/// memory would be asked for by them.
fn filled<T>(shape: Vec<usize>, values: Vec<T>) -> Option<Constant<T>> {
    let count = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
    (count == values.len() && count > 0).then_some(Constant { shape, values })
}

/// Builds small ONNX files for tests: what an exporter writes, without an exporter.
#[cfg(test)]
pub mod build {
    use super::*;

    /// A model under construction.
    #[derive(Default)]
    pub struct Model(GraphProto);

    impl Model {
        /// Names an input of the graph.
        pub fn input(&mut self, name: &str) {
            self.0.input.push(ValueInfoProto { name: name.into() });
        }

        /// Names an output of the graph.
        pub fn output(&mut self, name: &str) {
            self.0.output.push(ValueInfoProto { name: name.into() });
        }

        /// Adds an f32 constant.
        pub fn floats(&mut self, name: &str, shape: &[usize], values: &[f32]) {
            self.0.initializer.push(TensorProto {
                dims: shape.iter().map(|&d| d as i64).collect(),
                data_type: FLOAT,
                name: name.into(),
                raw_data: values.iter().flat_map(|v| v.to_le_bytes()).collect(),
                ..Default::default()
            });
        }

        /// Adds an i64 constant.
        pub fn integers(&mut self, name: &str, values: &[i64]) {
            self.0.initializer.push(TensorProto {
                dims: vec![values.len() as i64],
                data_type: INT64,
                name: name.into(),
                int64_data: values.to_vec(),
                ..Default::default()
            });
        }

        /// Adds a node with list attributes.
        pub fn node(&mut self, op: &str, inputs: &[&str], output: &str, ints: &[(&str, &[i64])]) {
            self.0.node.push(NodeProto {
                input: inputs.iter().map(|&s| s.into()).collect(),
                output: vec![output.into()],
                name: format!("{op}_{}", self.0.node.len()),
                op_type: op.into(),
                attribute: ints
                    .iter()
                    .map(|&(name, values)| AttributeProto {
                        name: name.into(),
                        i: values.first().copied().unwrap_or(0),
                        ints: values.to_vec(),
                        ..Default::default()
                    })
                    .collect(),
            });
        }

        /// The file's bytes.
        pub fn to_bytes(&self) -> Vec<u8> {
            ModelProto { graph: Some(self.0.clone()) }.encode_to_vec()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_read_and_no_ops_vanish() {
        let mut m = build::Model::default();
        m.input("x");
        m.floats("w", &[2], &[1.5, -2.0]);
        m.integers("k", &[3, -1]);
        m.node("Identity", &["x"], "y", &[]);
        m.node("Unsqueeze", &["w"], "slopes", &[("axes", &[1, 2])]);
        m.node("Relu", &["y"], "z0", &[]);
        m.node("PRelu", &["z0", "slopes"], "z", &[]);
        m.node("Dropout", &["z"], "out", &[]);
        m.output("out");
        let g = Graph::parse(&m.to_bytes()).unwrap();
        assert_eq!((g.nodes.len(), g.nodes[0].op(), g.nodes[0].input(0)), (2, "Relu", "x"));
        assert_eq!(g.outputs, ["z"]);
        assert_eq!(g.floats("w").unwrap().values, [1.5, -2.0]);
        assert_eq!(
            g.floats(g.nodes[1].input(1)).unwrap().values,
            [1.5, -2.0],
            "the slopes have another name"
        );
        assert_eq!(g.integers("k").unwrap().values, [3, -1]);
        assert!(g.floats("k").is_none() && g.floats("nothing").is_none());
    }

    #[test]
    fn data_that_does_not_fill_its_shape_is_no_constant() {
        let mut m = build::Model::default();
        m.floats("short", &[4, 1 << 40], &[1.0]);
        m.floats("overflow", &[1 << 40, 1 << 40], &[1.0]);
        m.floats("empty", &[1 << 40, 0], &[]);
        let g = Graph::parse(&m.to_bytes()).unwrap();
        assert!(["short", "overflow", "empty"].iter().all(|name| g.floats(name).is_none()));
    }
}
