/**
 * Examples and batches on the host: datasets, augmentation, and a loader whose order depends on a seed and the epoch alone. Devices
 * and tensors are unknown here.
 */
@Stability(Stability.Level.API)
package dev.chainrule.data;

import dev.chainrule.Stability;
