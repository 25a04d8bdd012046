package dev.chainrule.train;

/**
 * A figure of merit, averaged over a dataset with each example counted once.
 *
 * @param name how results call it
 * @param perBatch the mean over one batch, from prediction and target
 */
public record Metric(String name, Loss perBatch) {}
