/** What users write models with: tensors, variables, the scope of a trace, and functions composed of primitives. */
package dev.chainrule.tensor;
