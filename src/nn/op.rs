//! A plan as one candle operation.

use super::Plan;
use candle_core::{CpuStorage, CustomOp1, Error, Layout, Result, Shape};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Runs a [`Plan`] from candle: `x.apply_op1_no_bwd(&op)`, CPU tensor \[N, C, H, W\] of f32 in, first output out as
/// \[N, C, H, W\] too; H and W are 1 after a fully connected layer. As many pictures of a batch run together as the plan
/// has room for.
///
/// # Errors
/// A tensor that is not contiguous, of f32 and of the plan's channels, height and width is refused.
pub struct PlanOp(Mutex<Plan>);

impl PlanOp {
    /// Wraps a plan.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self(Mutex::new(plan))
    }

    /// The plan, once nobody runs it. A panic in a kernel leaves nothing in it that the next run would read.
    pub(super) fn plan(&self) -> MutexGuard<'_, Plan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut plan = self.plan();
        let wanted = plan.input_shape();
        if (channels, height, width) != (wanted.channels, wanted.height, wanted.width) {
            return Err(Error::Msg(format!("the plan takes {wanted:?}, not {:?}", layout.shape())));
        }
        let shape = plan.output_shape(0).ok_or_else(|| Error::Msg("the plan has no output".to_owned()))?;
        let mut answers = Vec::with_capacity(batch * shape.len());
        let at_once = plan.pictures() * wanted.len();
        for pictures in values.chunks(at_once.max(1)) {
            plan.run(pictures).map_err(Error::wrap)?;
            answers.extend_from_slice(plan.output(0));
        }
        let dims = Shape::from((batch, shape.channels, shape.height, shape.width));
        Ok((CpuStorage::F32(answers), dims))
    }
}
