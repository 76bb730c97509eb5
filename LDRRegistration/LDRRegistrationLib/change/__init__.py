"""What changed between a prior and a current scan: masks, harmonised intensities, a change map, regions."""
