//! Our side of `benches/peers.py`, which measures both sides in turn: one process that loads networks and runs them when
//! it is told to, so that nothing but the network is measured.
//!
//! A line on standard input is a command, a line on standard output its answer:
//!
//! - `load <file.onnx> <height> <width> <pictures> <threads> <input> <output>`: reads `pictures` inputs (f32, planar),
//!   runs once, writes all outputs one behind the other; answers with the network's number.
//! - `run <number> <times>`: answers with the milliseconds of each run.

use faceprint::{
    nn::Plan,
    vision::{import::import, tensors::Tensors},
};
use std::{
    error::Error,
    fs,
    io::{BufRead, Write},
    path::Path,
    time::Instant,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Answers commands until standard input ends.
pub fn serve() -> Result<()> {
    let mut networks: Vec<(Plan, Vec<f32>)> = Vec::new();
    let mut out = std::io::stdout();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let answer = match words.as_slice() {
            ["load", file, height, width, pictures, threads, input, output] => {
                let plan = load(file, [height, width, pictures, threads].map(|n| n.parse().unwrap_or(1)))?;
                networks.push(answered(plan, Path::new(input), Path::new(output))?);
                (networks.len() - 1).to_string()
            }
            ["run", number, times] => {
                let network = networks.get_mut(number.parse::<usize>()?).ok_or("no such network")?;
                run(network, times.parse()?)?
            }
            _ => return Err(format!("not a command: {line}").into()),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn load(file: &str, [height, width, pictures, threads]: [usize; 4]) -> Result<Plan> {
    let imported = import(Path::new(file))?;
    let tensors = Tensors::parse(&imported.model)?;
    let graph = imported.manifest.architecture.graph(&tensors)?;
    Ok(Plan::compile_batch(&graph, height, width, pictures, threads)?)
}

/// The plan and its input, after one run whose answers are in `output`.
fn answered(mut plan: Plan, input: &Path, output: &Path) -> Result<(Plan, Vec<f32>)> {
    let bytes = fs::read(input)?;
    let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    plan.run(&values)?;
    let answers =
        (0..plan.outputs()).flat_map(|index| plan.output(index)).flat_map(|value| value.to_le_bytes());
    fs::write(output, answers.collect::<Vec<u8>>())?;
    Ok((plan, values))
}

fn run((plan, input): &mut (Plan, Vec<f32>), times: usize) -> Result<String> {
    let mut took = Vec::new();
    for _ in 0..times {
        let started = Instant::now();
        plan.run(input)?;
        took.push(format!("{:.4}", started.elapsed().as_secs_f64() * 1e3));
    }
    Ok(took.join(" "))
}
