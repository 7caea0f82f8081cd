//! Our side of `benches/peers.py` and `benches/peers/matching.py`, which measure both sides in turn: one process that loads
//! networks and indices and runs them when it is told to, so that nothing but these is measured.
//!
//! A line on standard input is a command, a line on standard output its answer:
//!
//! - `load <file.onnx> <height> <width> <pictures> <threads> <input> <output>`: reads `pictures` inputs (f32, planar),
//!   runs once, writes all outputs one behind the other; answers with the network's number.
//! - `run <number> <times>`: answers with the milliseconds of each run.
//! - `index <threads> <templates>`: makes an index of such a file (f32, 512 numbers each); answers with its number.
//! - `search <number> <probe> <times>`: answers with the rows of the five best and the milliseconds of each search.

use faceprint::{
    domain::{EMBEDDING_LEN, Embedding, PersonId, TemplateId},
    matching::{Hit, Index},
    nn::Plan,
    vision::{import::import, tensors::Tensors},
};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::{
    error::Error,
    fs,
    hint::black_box,
    io::{BufRead, Write},
    path::Path,
    time::Instant,
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Answers commands until standard input ends.
pub fn serve() -> Result<()> {
    let mut networks: Vec<(Plan, Vec<f32>)> = Vec::new();
    let mut indices: Vec<(ThreadPool, Index)> = Vec::new();
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
            ["index", threads, templates] => {
                let pool = ThreadPoolBuilder::new().num_threads(threads.parse()?).build()?;
                indices.push((pool, index(Path::new(templates))?));
                (indices.len() - 1).to_string()
            }
            ["search", number, probe, times] => {
                let (pool, index) = indices.get(number.parse::<usize>()?).ok_or("no such index")?;
                let probe = embeddings(Path::new(probe))?.pop().ok_or("no probe in the file")?;
                let times = times.parse()?;
                pool.install(|| search(index, &probe, times))
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
    let values = floats(input)?;
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

fn index(templates: &Path) -> Result<Index> {
    let mut index = Index::new();
    for (row, embedding) in embeddings(templates)?.iter().enumerate() {
        let id = (row as u128).to_be_bytes();
        index.insert(TemplateId::from_bytes(id), PersonId::from_bytes(id), embedding);
    }
    Ok(index)
}

fn search(index: &Index, probe: &Embedding, times: usize) -> String {
    let best = index.search(probe, 5);
    let row = |hit: &Hit| u128::from_be_bytes(*hit.template.as_bytes()).to_string();
    let mut answer: Vec<String> = best.iter().map(row).collect();
    for _ in 0..times {
        let started = Instant::now();
        black_box(index.search(black_box(probe), 5));
        answer.push(format!("{:.5}", started.elapsed().as_secs_f64() * 1e3));
    }
    answer.join(" ")
}

fn embeddings(file: &Path) -> Result<Vec<Embedding>> {
    floats(file)?.chunks(EMBEDDING_LEN).map(|values| Ok(Embedding::from_raw(values)?)).collect()
}

fn floats(file: &Path) -> Result<Vec<f32>> {
    let bytes = fs::read(file)?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}
