package revocation

// Settle waits until nothing is being fetched.
func (c *CRLClient) Settle() { c.running.Wait() }
