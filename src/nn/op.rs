//! A plan as one candle operation.

use super::Plan;
use candle_core::{CpuStorage, CustomOp1, Error, Layout, Result, Shape};
use std::sync::Mutex;

/// Runs a [`Plan`] from candle: `x.apply_op1_no_bwd(&op)`, CPU tensor \[N, C, H, W\] of f32 in, first output out as
/// \[N, C, H, W\] or, after a fully connected layer, \[N, C\]. Pictures of a batch run one after the other.
pub struct PlanOp(Mutex<Plan>);

impl PlanOp {
    /// Wraps a plan.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self(Mutex::new(plan))
    }
}

impl CustomOp1 for PlanOp {
    fn name(&self) -> &'static str {
        "nn-plan"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let values = storage.as_slice::<f32>()?;
        let (start, end) =
            layout.contiguous_offsets().ok_or_else(|| Error::RequiresContiguous { op: "nn-plan" })?;
        let values = values.get(start..end).unwrap_or_default();
        let (batch, channels, height, width) = layout.shape().dims4()?;
        // A panic in a kernel leaves a plan that refuses to run; nothing half-written is read.
        let mut plan = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let wanted = plan.input_shape();
        if (channels, height, width) != (wanted.channels, wanted.height, wanted.width) {
            return Err(Error::Msg(format!("the plan takes {wanted:?}, not {:?}", layout.shape())));
        }
        let shape = plan.output_shape(0).ok_or_else(|| Error::Msg("the plan has no output".to_owned()))?;
        let mut answers = Vec::with_capacity(batch * shape.len());
        for picture in values.chunks_exact(wanted.len().max(1)) {
            plan.run(picture).map_err(Error::wrap)?;
            answers.extend_from_slice(plan.output(0));
        }
        let dims = if plan.is_flat(0) {
            Shape::from((batch, shape.channels))
        } else {
            Shape::from((batch, shape.channels, shape.height, shape.width))
        };
        Ok((CpuStorage::F32(answers), dims))
    }
}
