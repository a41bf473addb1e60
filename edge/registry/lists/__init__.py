"""Lists of plates that a municipality gives a camera: imported centrally, sealed to one camera, looked up there."""
