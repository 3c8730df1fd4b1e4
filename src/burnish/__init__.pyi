from burnish.api import apply as apply
from burnish.api import frame as frame
from burnish.api import read as read
from burnish.api import stored as stored
from burnish.api import tune as tune

__version__: str
