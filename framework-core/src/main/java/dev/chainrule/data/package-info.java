/**
 * Examples and batches on the host: datasets, augmentation, and a loader whose order depends on a seed and the epoch alone. Devices
 * and tensors are unknown here.
 */
package dev.chainrule.data;
