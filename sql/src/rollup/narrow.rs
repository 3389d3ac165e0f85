//! Which side of the join of copies is kept in memory?
//!
//! Whether there is a better copy of a call is asked by an anti join. DataFusion keeps the calls
//! in memory that it asks for, all columns of them, which is right where there are few. Of whole
//! months there are many: the other side has a few short columns.

use std::sync::Arc;

use datafusion::common::JoinType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};

/// The rules of DataFusion with this one, before rows are distributed.
pub(super) fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let mut rules = PhysicalOptimizer::new().rules;
    let after = rules
        .iter()
        .position(|rule| rule.name() == "join_selection");
    let at = after.map_or(0, |after| after + 1);
    rules.insert(at, Arc::new(KeepNarrowSide));
    rules
}

#[derive(Debug)]
struct KeepNarrowSide;

impl PhysicalOptimizerRule for KeepNarrowSide {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let swap = |node: Arc<dyn ExecutionPlan>| {
            let join = node.downcast_ref::<HashJoinExec>();
            match join.filter(|join| *join.join_type() == JoinType::LeftAnti) {
                Some(join) => join
                    .swap_inputs(PartitionMode::Partitioned)
                    .map(Transformed::yes),
                None => Ok(Transformed::no(node)),
            }
        };
        plan.transform_up(swap).data()
    }

    fn name(&self) -> &'static str {
        "keep_narrow_side"
    }

    fn schema_check(&self) -> bool {
        true
    }
}
