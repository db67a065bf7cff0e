#include "coordinator/api/openapi_document.hpp"

namespace berth::coordinator {

std::string_view openapi_document() {
  return R"openapi({
 "openapi": "3.1.0",
 "info": {
  "title": "Berth coordinator",
  "version": "1",
  "description": "The DPS service API, and under /berth/v1 what DPS has in its cloud management plane and what it lacks. Path literals match in any letter case.",
  "license": {
   "name": "Apache-2.0",
   "identifier": "Apache-2.0"
  }
 },
 "servers": [
  {
   "url": "/"
  }
 ],
 "security": [
  {
   "sharedAccessSignature": []
  }
 ],
 "paths": {
  "/enrollments/{id}": {
   "get": {
    "tags": [
     "Individual enrollments"
    ],
    "operationId": "getIndividual",
    "summary": "One individual enrollment, without its keys.",
    "description": "Right: EnrollmentRead.",
    "parameters": [
     {
      "name": "id",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     }
    ],
    "responses": {
     "200": {
      "description": "The record.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/IndividualEnrollment"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "put": {
    "tags": [
     "Individual enrollments"
    ],
    "operationId": "putIndividual",
    "summary": "Creates (without If-Match) or replaces (with it) an individual enrollment.",
    "description": "Right: EnrollmentWrite.",
    "parameters": [
     {
      "name": "id",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/IndividualEnrollment"
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "The record, with its keys.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/IndividualEnrollment"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "delete": {
    "tags": [
     "Individual enrollments"
    ],
    "operationId": "deleteIndividual",
    "summary": "Deletes an individual enrollment.",
    "description": "Right: EnrollmentWrite.",
    "parameters": [
     {
      "name": "id",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "responses": {
     "204": {
      "description": "Done."
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/enrollments/{id}/attestationmechanism": {
   "post": {
    "tags": [
     "Individual enrollments"
    ],
    "operationId": "getIndividualAttestation",
    "summary": "How devices attest, with the keys.",
    "description": "Right: EnrollmentWrite.",
    "parameters": [
     {
      "name": "id",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     }
    ],
    "responses": {
     "200": {
      "description": "The mechanism.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/AttestationMechanism"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/enrollments/query": {
   "post": {
    "tags": [
     "Individual enrollments"
    ],
    "operationId": "queryIndividuals",
    "summary": "All records, by pages.",
    "description": "Right: EnrollmentRead.",
    "parameters": [
     {
      "$ref": "#/components/parameters/ApiVersion"
     },
     {
      "$ref": "#/components/parameters/MaxItemCount"
     },
     {
      "$ref": "#/components/parameters/Continuation"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/QuerySpecification"
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "A page.",
      "content": {
       "application/json": {
        "schema": {
         "type": "array",
         "items": {
          "$ref": "#/components/schemas/IndividualEnrollment"
         }
        }
       }
      },
      "headers": {
       "x-ms-item-type": {
        "schema": {
         "type": "string"
        },
        "description": "Enrollment, EnrollmentGroup or DeviceRegistration."
       },
       "x-ms-continuation": {
        "schema": {
         "type": "string"
        },
        "description": "Present if there is more."
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/enrollments": {
   "post": {
    "tags": [
     "Individual enrollments"
    ],
    "operationId": "bulkIndividuals",
    "summary": "Up to ten records at once; they succeed or fail one by one.",
    "description": "Right: EnrollmentWrite.",
    "parameters": [
     {
      "$ref": "#/components/parameters/ApiVersion"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "type": "object",
        "properties": {
         "mode": {
          "type": "string",
          "enum": [
           "create",
           "update",
           "updateIfMatchETag",
           "delete"
          ]
         },
         "enrollments": {
          "type": "array",
          "items": {
           "$ref": "#/components/schemas/IndividualEnrollment"
          },
          "maxItems": 10
         }
        },
        "required": [
         "mode",
         "enrollments"
        ]
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "What became of each.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/BulkResult"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/enrollmentGroups/{id}": {
   "get": {
    "tags": [
     "Enrollment groups"
    ],
    "operationId": "getGroup",
    "summary": "One enrollment group, without its keys.",
    "description": "Right: EnrollmentRead.",
    "parameters": [
     {
      "name": "id",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     }
    ],
    "responses": {
     "200": {
      "description": "The record.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/EnrollmentGroup"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "put": {
    "tags": [
     "Enrollment groups"
    ],
    "operationId": "putGroup",
    "summary": "Creates (without If-Match) or replaces (with it) an enrollment group.",
    "description": "Right: EnrollmentWrite.",
    "parameters": [
     {
      "name": "id",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/EnrollmentGroup"
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "The record, with its keys.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/EnrollmentGroup"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "delete": {
    "tags": [
     "Enrollment groups"
    ],
    "operationId": "deleteGroup",
    "summary": "Deletes an enrollment group.",
    "description": "Right: EnrollmentWrite.",
    "parameters": [
     {
      "name": "id",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "responses": {
     "204": {
      "description": "Done."
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/enrollmentGroups/{id}/attestationmechanism": {
   "post": {
    "tags": [
     "Enrollment groups"
    ],
    "operationId": "getGroupAttestation",
    "summary": "How devices attest, with the keys.",
    "description": "Right: EnrollmentWrite.",
    "parameters": [
     {
      "name": "id",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     }
    ],
    "responses": {
     "200": {
      "description": "The mechanism.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/AttestationMechanism"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/enrollmentGroups/query": {
   "post": {
    "tags": [
     "Enrollment groups"
    ],
    "operationId": "queryGroups",
    "summary": "All records, by pages.",
    "description": "Right: EnrollmentRead.",
    "parameters": [
     {
      "$ref": "#/components/parameters/ApiVersion"
     },
     {
      "$ref": "#/components/parameters/MaxItemCount"
     },
     {
      "$ref": "#/components/parameters/Continuation"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/QuerySpecification"
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "A page.",
      "content": {
       "application/json": {
        "schema": {
         "type": "array",
         "items": {
          "$ref": "#/components/schemas/EnrollmentGroup"
         }
        }
       }
      },
      "headers": {
       "x-ms-item-type": {
        "schema": {
         "type": "string"
        },
        "description": "Enrollment, EnrollmentGroup or DeviceRegistration."
       },
       "x-ms-continuation": {
        "schema": {
         "type": "string"
        },
        "description": "Present if there is more."
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/enrollmentGroups": {
   "post": {
    "tags": [
     "Enrollment groups"
    ],
    "operationId": "bulkGroups",
    "summary": "Up to ten records at once; they succeed or fail one by one.",
    "description": "Right: EnrollmentWrite.",
    "parameters": [
     {
      "$ref": "#/components/parameters/ApiVersion"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "type": "object",
        "properties": {
         "mode": {
          "type": "string",
          "enum": [
           "create",
           "update",
           "updateIfMatchETag",
           "delete"
          ]
         },
         "enrollmentGroups": {
          "type": "array",
          "items": {
           "$ref": "#/components/schemas/EnrollmentGroup"
          },
          "maxItems": 10
         }
        },
        "required": [
         "mode",
         "enrollmentGroups"
        ]
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "What became of each.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/BulkResult"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/registrations/{id}": {
   "get": {
    "tags": [
     "Registration states"
    ],
    "operationId": "getRegistrationState",
    "summary": "What became of a registration ID.",
    "description": "Right: RegistrationStatusRead.",
    "parameters": [
     {
      "name": "id",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     }
    ],
    "responses": {
     "200": {
      "description": "The state.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/DeviceRegistrationState"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "delete": {
    "tags": [
     "Registration states"
    ],
    "operationId": "deleteRegistrationState",
    "summary": "Forgets a registration; the identity in the hub stays.",
    "description": "Right: RegistrationStatusWrite.",
    "parameters": [
     {
      "name": "id",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "responses": {
     "204": {
      "description": "Done."
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/registrations/{enrollmentGroupId}/query": {
   "post": {
    "tags": [
     "Registration states"
    ],
    "operationId": "queryRegistrationStates",
    "summary": "The registrations of a group, by pages.",
    "description": "Right: RegistrationStatusRead.",
    "parameters": [
     {
      "name": "enrollmentGroupId",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/ApiVersion"
     },
     {
      "$ref": "#/components/parameters/MaxItemCount"
     },
     {
      "$ref": "#/components/parameters/Continuation"
     }
    ],
    "requestBody": {
     "required": false,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/QuerySpecification"
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "A page.",
      "content": {
       "application/json": {
        "schema": {
         "type": "array",
         "items": {
          "$ref": "#/components/schemas/DeviceRegistrationState"
         }
        }
       }
      },
      "headers": {
       "x-ms-item-type": {
        "schema": {
         "type": "string"
        },
        "description": "Enrollment, EnrollmentGroup or DeviceRegistration."
       },
       "x-ms-continuation": {
        "schema": {
         "type": "string"
        },
        "description": "Present if there is more."
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/tenants": {
   "get": {
    "tags": [
     "Tenants"
    ],
    "operationId": "listTenants",
    "summary": "All tenants, oldest first; the oldest is the default one.",
    "description": "The operator's credential.",
    "responses": {
     "200": {
      "description": "The tenants.",
      "content": {
       "application/json": {
        "schema": {
         "type": "object",
         "properties": {
          "value": {
           "type": "array",
           "items": {
            "$ref": "#/components/schemas/Tenant"
           }
          },
          "continuation": {
           "type": "string",
           "description": "Present if there is more; pass it in the next request."
          }
         },
         "required": [
          "value"
         ]
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "post": {
    "tags": [
     "Tenants"
    ],
    "operationId": "createTenant",
    "summary": "Makes a tenant with a random ID scope and an owner policy, whose keys are shown.",
    "description": "The operator's credential.",
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/Tenant"
       }
      }
     }
    },
    "responses": {
     "201": {
      "description": "The tenant.",
      "content": {
       "application/json": {
        "schema": {
         "allOf": [
          {
           "$ref": "#/components/schemas/Tenant"
          },
          {
           "type": "object",
           "properties": {
            "accessPolicies": {
             "type": "array",
             "items": {
              "$ref": "#/components/schemas/AccessPolicy"
             }
            }
           }
          }
         ]
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/tenants/{idScope}": {
   "get": {
    "tags": [
     "Tenants"
    ],
    "operationId": "getTenant",
    "summary": "One tenant.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "idScope",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The tenant.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Tenant"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "put": {
    "tags": [
     "Tenants"
    ],
    "operationId": "updateTenant",
    "summary": "Changes name, host names or allocation policy; absent members stay.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "idScope",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/Tenant"
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "The tenant.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Tenant"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "delete": {
    "tags": [
     "Tenants"
    ],
    "operationId": "deleteTenant",
    "summary": "Forgets a tenant and all that it owns. Not the last one, nor one that a gateway serves.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "idScope",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "responses": {
     "204": {
      "description": "Done."
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/tenants/{idScope}/listKeys": {
   "post": {
    "tags": [
     "Tenants"
    ],
    "operationId": "listTenantKeys",
    "summary": "The tenant's access policies with their keys.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "idScope",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The policies.",
      "content": {
       "application/json": {
        "schema": {
         "type": "object",
         "properties": {
          "value": {
           "type": "array",
           "items": {
            "$ref": "#/components/schemas/AccessPolicy"
           }
          },
          "continuation": {
           "type": "string",
           "description": "Present if there is more; pass it in the next request."
          }
         },
         "required": [
          "value"
         ]
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/settings": {
   "get": {
    "tags": [
     "Settings"
    ],
    "operationId": "getSettings",
    "summary": "The calling tenant's settings.",
    "description": "Right: EnrollmentRead.",
    "responses": {
     "200": {
      "description": "The settings.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Tenant"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "put": {
    "tags": [
     "Settings"
    ],
    "operationId": "updateSettings",
    "summary": "Changes the tenant's allocation policy.",
    "description": "Right: ServiceConfig.",
    "parameters": [
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "type": "object",
        "properties": {
         "allocationPolicy": {
          "type": "string",
          "enum": [
           "hashed",
           "geoLatency",
           "static"
          ]
         }
        }
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "The settings.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Tenant"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/linkedHubs": {
   "get": {
    "tags": [
     "Linked hubs"
    ],
    "operationId": "listLinkedHubs",
    "summary": "All linked hubs.",
    "description": "Right: EnrollmentRead.",
    "responses": {
     "200": {
      "description": "The hubs.",
      "content": {
       "application/json": {
        "schema": {
         "type": "object",
         "properties": {
          "value": {
           "type": "array",
           "items": {
            "$ref": "#/components/schemas/LinkedHub"
           }
          },
          "continuation": {
           "type": "string",
           "description": "Present if there is more; pass it in the next request."
          }
         },
         "required": [
          "value"
         ]
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "post": {
    "tags": [
     "Linked hubs"
    ],
    "operationId": "linkHub",
    "summary": "Links a hub, with its connection string or the name and key of a policy.",
    "description": "Right: ServiceConfig.",
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/LinkedHub"
       }
      }
     }
    },
    "responses": {
     "201": {
      "description": "The hub.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/LinkedHub"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/linkedHubs/{hub}": {
   "get": {
    "tags": [
     "Linked hubs"
    ],
    "operationId": "getLinkedHub",
    "summary": "One hub, by host name or hub ID.",
    "description": "Right: EnrollmentRead.",
    "parameters": [
     {
      "name": "hub",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The hub.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/LinkedHub"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "put": {
    "tags": [
     "Linked hubs"
    ],
    "operationId": "updateLinkedHub",
    "summary": "Changes a link; absent members stay.",
    "description": "Right: ServiceConfig.",
    "parameters": [
     {
      "name": "hub",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/LinkedHub"
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "The hub.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/LinkedHub"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "delete": {
    "tags": [
     "Linked hubs"
    ],
    "operationId": "unlinkHub",
    "summary": "Unlinks a hub; its devices stay in it.",
    "description": "Right: ServiceConfig.",
    "parameters": [
     {
      "name": "hub",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "responses": {
     "204": {
      "description": "Done."
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/accessPolicies": {
   "get": {
    "tags": [
     "Access policies"
    ],
    "operationId": "listAccessPolicies",
    "summary": "All access policies, without keys.",
    "description": "Right: ServiceConfig.",
    "responses": {
     "200": {
      "description": "The policies.",
      "content": {
       "application/json": {
        "schema": {
         "type": "object",
         "properties": {
          "value": {
           "type": "array",
           "items": {
            "$ref": "#/components/schemas/AccessPolicy"
           }
          },
          "continuation": {
           "type": "string",
           "description": "Present if there is more; pass it in the next request."
          }
         },
         "required": [
          "value"
         ]
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "post": {
    "tags": [
     "Access policies"
    ],
    "operationId": "createAccessPolicy",
    "summary": "Makes a policy; keys that are left out are made.",
    "description": "Right: ServiceConfig.",
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/AccessPolicy"
       }
      }
     }
    },
    "responses": {
     "201": {
      "description": "The policy, with its keys.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/AccessPolicy"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/accessPolicies/{keyName}": {
   "get": {
    "tags": [
     "Access policies"
    ],
    "operationId": "getAccessPolicy",
    "summary": "One policy, without keys.",
    "description": "Right: ServiceConfig.",
    "parameters": [
     {
      "name": "keyName",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The policy.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/AccessPolicy"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "put": {
    "tags": [
     "Access policies"
    ],
    "operationId": "updateAccessPolicy",
    "summary": "Changes rights or keys; absent members stay.",
    "description": "Right: ServiceConfig.",
    "parameters": [
     {
      "name": "keyName",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "type": "object",
        "properties": {
         "rights": {
          "type": "string"
         },
         "primaryKey": {
          "type": "string",
          "format": "byte"
         },
         "secondaryKey": {
          "type": "string",
          "format": "byte"
         }
        }
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "The policy.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/AccessPolicy"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "delete": {
    "tags": [
     "Access policies"
    ],
    "operationId": "deleteAccessPolicy",
    "summary": "Deletes a policy; not the last one with ServiceConfig.",
    "description": "Right: ServiceConfig.",
    "parameters": [
     {
      "name": "keyName",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "responses": {
     "204": {
      "description": "Done."
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/accessPolicies/{keyName}/listKeys": {
   "post": {
    "tags": [
     "Access policies"
    ],
    "operationId": "listAccessPolicyKeys",
    "summary": "One policy with its keys.",
    "description": "Right: ServiceConfig.",
    "parameters": [
     {
      "name": "keyName",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The policy.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/AccessPolicy"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/accessPolicies/{keyName}/regenerateKey": {
   "post": {
    "tags": [
     "Access policies"
    ],
    "operationId": "regenerateAccessPolicyKey",
    "summary": "Makes one of the two keys anew.",
    "description": "Right: ServiceConfig.",
    "parameters": [
     {
      "name": "keyName",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "type": "object",
        "properties": {
         "key": {
          "type": "string",
          "enum": [
           "primary",
           "secondary"
          ]
         }
        },
        "required": [
         "key"
        ]
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "The policy, with its keys.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/AccessPolicy"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/registrations": {
   "get": {
    "tags": [
     "Registrations"
    ],
    "operationId": "listRegistrations",
    "summary": "The tenant's registrations, or those of one group, by pages.",
    "description": "Right: RegistrationStatusRead.",
    "parameters": [
     {
      "name": "enrollmentGroupId",
      "in": "query",
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/MaxItemCountQuery"
     },
     {
      "$ref": "#/components/parameters/ContinuationQuery"
     }
    ],
    "responses": {
     "200": {
      "description": "A page.",
      "content": {
       "application/json": {
        "schema": {
         "type": "object",
         "properties": {
          "value": {
           "type": "array",
           "items": {
            "$ref": "#/components/schemas/Registration"
           }
          },
          "continuation": {
           "type": "string",
           "description": "Present if there is more; pass it in the next request."
          }
         },
         "required": [
          "value"
         ]
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/registrations/{registrationId}": {
   "get": {
    "tags": [
     "Registrations"
    ],
    "operationId": "getRegistration",
    "summary": "One registration, with who decided and why the last attempt failed.",
    "description": "Right: RegistrationStatusRead.",
    "parameters": [
     {
      "name": "registrationId",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The registration.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Registration"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/sites": {
   "get": {
    "tags": [
     "Sites"
    ],
    "operationId": "listSites",
    "summary": "All sites.",
    "description": "The operator's credential.",
    "responses": {
     "200": {
      "description": "The sites.",
      "content": {
       "application/json": {
        "schema": {
         "type": "object",
         "properties": {
          "value": {
           "type": "array",
           "items": {
            "$ref": "#/components/schemas/Site"
           }
          },
          "continuation": {
           "type": "string",
           "description": "Present if there is more; pass it in the next request."
          }
         },
         "required": [
          "value"
         ]
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "post": {
    "tags": [
     "Sites"
    ],
    "operationId": "createSite",
    "summary": "Names a site.",
    "description": "The operator's credential.",
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/Site"
       }
      }
     }
    },
    "responses": {
     "201": {
      "description": "The site.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Site"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/sites/{siteId}": {
   "get": {
    "tags": [
     "Sites"
    ],
    "operationId": "getSite",
    "summary": "One site.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "siteId",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The site.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Site"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "put": {
    "tags": [
     "Sites"
    ],
    "operationId": "putSite",
    "summary": "Names a site, unless it is there already.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "siteId",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The site that was there.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Site"
        }
       }
      }
     },
     "201": {
      "description": "The site.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Site"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "delete": {
    "tags": [
     "Sites"
    ],
    "operationId": "deleteSite",
    "summary": "Forgets a site where no gateway stands.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "siteId",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "204": {
      "description": "Done."
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/gateways": {
   "get": {
    "tags": [
     "Gateways"
    ],
    "operationId": "listGateways",
    "summary": "All gateways, removed ones included.",
    "description": "The operator's credential.",
    "responses": {
     "200": {
      "description": "The gateways.",
      "content": {
       "application/json": {
        "schema": {
         "type": "object",
         "properties": {
          "value": {
           "type": "array",
           "items": {
            "$ref": "#/components/schemas/Gateway"
           }
          },
          "continuation": {
           "type": "string",
           "description": "Present if there is more; pass it in the next request."
          }
         },
         "required": [
          "value"
         ]
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "post": {
    "tags": [
     "Gateways"
    ],
    "operationId": "createGateway",
    "summary": "Makes a gateway and its one-time join token, which is shown here only.",
    "description": "The operator's credential.",
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/Gateway"
       }
      }
     }
    },
    "responses": {
     "201": {
      "description": "The gateway, with its token.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Gateway"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/gateways/{gateway}": {
   "get": {
    "tags": [
     "Gateways"
    ],
    "operationId": "getGateway",
    "summary": "One gateway, by ID or name.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "gateway",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The gateway.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Gateway"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "put": {
    "tags": [
     "Gateways"
    ],
    "operationId": "updateGateway",
    "summary": "Changes name, site or tenants; absent members stay.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "gateway",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     },
     {
      "$ref": "#/components/parameters/IfMatch"
     }
    ],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/Gateway"
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "The gateway.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Gateway"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   },
   "delete": {
    "tags": [
     "Gateways"
    ],
    "operationId": "removeGateway",
    "summary": "Removes a gateway for good.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "gateway",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "204": {
      "description": "Done."
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/gateways/{gateway}/disable": {
   "post": {
    "tags": [
     "Gateways"
    ],
    "operationId": "disableGateway",
    "summary": "The gateway may not connect.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "gateway",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The gateway.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Gateway"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/gateways/{gateway}/enable": {
   "post": {
    "tags": [
     "Gateways"
    ],
    "operationId": "enableGateway",
    "summary": "The gateway may connect again.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "gateway",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The gateway.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Gateway"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/gateways/{gateway}/joinToken": {
   "post": {
    "tags": [
     "Gateways"
    ],
    "operationId": "createJoinToken",
    "summary": "Another join token, which voids the one before.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "name": "gateway",
      "in": "path",
      "required": true,
      "schema": {
       "type": "string"
      }
     }
    ],
    "responses": {
     "200": {
      "description": "The gateway, with its token.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/Gateway"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/gateways:join": {
   "post": {
    "tags": [
     "Gateways"
    ],
    "operationId": "joinGateway",
    "summary": "A gateway has its own key certified with its join token.",
    "description": "No credential but the token.",
    "security": [],
    "requestBody": {
     "required": true,
     "content": {
      "application/json": {
       "schema": {
        "$ref": "#/components/schemas/JoinRequest"
       }
      }
     }
    },
    "responses": {
     "200": {
      "description": "What the gateway needs to connect.",
      "content": {
       "application/json": {
        "schema": {
         "$ref": "#/components/schemas/JoinReply"
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/quarantine": {
   "get": {
    "tags": [
     "Quarantine"
    ],
    "operationId": "listQuarantined",
    "summary": "Outcomes that gateways sent and that could not be taken in.",
    "description": "The operator's credential.",
    "parameters": [
     {
      "$ref": "#/components/parameters/MaxItemCountQuery"
     },
     {
      "$ref": "#/components/parameters/ContinuationQuery"
     }
    ],
    "responses": {
     "200": {
      "description": "A page.",
      "content": {
       "application/json": {
        "schema": {
         "type": "object",
         "properties": {
          "value": {
           "type": "array",
           "items": {
            "$ref": "#/components/schemas/QuarantinedOutcome"
           }
          },
          "continuation": {
           "type": "string",
           "description": "Present if there is more; pass it in the next request."
          }
         },
         "required": [
          "value"
         ]
        }
       }
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  },
  "/berth/v1/openapi.json": {
   "get": {
    "tags": [
     "This document"
    ],
    "operationId": "getOpenApi",
    "summary": "This document.",
    "security": [],
    "responses": {
     "200": {
      "description": "OpenAPI 3.1.",
      "content": {
       "application/json": {}
      }
     },
     "default": {
      "$ref": "#/components/responses/Error"
     }
    }
   }
  }
 },
 "components": {
  "securitySchemes": {
   "sharedAccessSignature": {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "SharedAccessSignature sr={host}&sig={signature}&se={expiry}&skn={policy}, as for the DPS service API. The host name called chooses the tenant; the operator's key name is 'operator'."
   }
  },
  "parameters": {
   "ApiVersion": {
    "name": "api-version",
    "in": "query",
    "required": true,
    "schema": {
     "type": "string",
     "enum": [
      "2018-04-01",
      "2018-09-01-preview",
      "2019-03-31",
      "2021-10-01",
      "2021-11-01-preview",
      "2025-07-01-preview",
      "2026-04-01",
      "2026-07-01-preview",
      "2026-11-01",
      "2026-11-02-preview",
      "2026-11-15-preview"
     ]
    }
   },
   "IfMatch": {
    "name": "If-Match",
    "in": "header",
    "schema": {
     "type": "string"
    },
    "description": "The etag of the record, or * for any."
   },
   "MaxItemCount": {
    "name": "x-ms-max-item-count",
    "in": "header",
    "schema": {
     "type": "integer"
    },
    "description": "1 to 1000; 100 if absent."
   },
   "Continuation": {
    "name": "x-ms-continuation",
    "in": "header",
    "schema": {
     "type": "string"
    }
   },
   "MaxItemCountQuery": {
    "name": "maxItemCount",
    "in": "query",
    "schema": {
     "type": "integer"
    },
    "description": "1 to 1000; 100 if absent."
   },
   "ContinuationQuery": {
    "name": "continuation",
    "in": "query",
    "schema": {
     "type": "string"
    }
   }
  },
  "responses": {
   "Error": {
    "description": "Refused.",
    "headers": {
     "x-ms-error-code": {
      "schema": {
       "type": "integer"
      }
     },
     "x-ms-request-id": {
      "schema": {
       "type": "string"
      }
     }
    },
    "content": {
     "application/json": {
      "schema": {
       "$ref": "#/components/schemas/Error"
      }
     }
    }
   }
  },
  "schemas": {
   "Error": {
    "type": "object",
    "properties": {
     "errorCode": {
      "type": "integer",
      "description": "HTTP status times 1000, plus a detail."
     },
     "trackingId": {
      "type": "string"
     },
     "message": {
      "type": "string"
     },
     "timestampUtc": {
      "type": "string",
      "format": "date-time"
     }
    },
    "required": [
     "errorCode",
     "trackingId",
     "message",
     "timestampUtc"
    ]
   },
   "Certificate": {
    "type": "object",
    "properties": {
     "certificate": {
      "type": "string",
      "writeOnly": true,
      "description": "PEM, base64 of DER, or base64 of PEM."
     },
     "info": {
      "type": "object",
      "properties": {
       "subjectName": {
        "type": "string"
       },
       "sha1Thumbprint": {
        "type": "string"
       },
       "sha256Thumbprint": {
        "type": "string"
       },
       "issuerName": {
        "type": "string"
       },
       "serialNumber": {
        "type": "string"
       },
       "notBeforeUtc": {
        "type": "string",
        "format": "date-time"
       },
       "notAfterUtc": {
        "type": "string",
        "format": "date-time"
       },
       "version": {
        "type": "integer"
       }
      },
      "readOnly": true
     }
    }
   },
   "Certificates": {
    "type": "object",
    "properties": {
     "primary": {
      "$ref": "#/components/schemas/Certificate"
     },
     "secondary": {
      "$ref": "#/components/schemas/Certificate"
     }
    }
   },
   "AttestationMechanism": {
    "type": "object",
    "properties": {
     "type": {
      "type": "string",
      "enum": [
       "symmetricKey",
       "x509",
       "tpm"
      ]
     },
     "symmetricKey": {
      "type": "object",
      "properties": {
       "primaryKey": {
        "type": "string",
        "format": "byte"
       },
       "secondaryKey": {
        "type": "string",
        "format": "byte"
       }
      },
      "description": "Keys that are left out are made on create and kept on update; only answers to writes and attestationmechanism show them."
     },
     "x509": {
      "type": "object",
      "properties": {
       "clientCertificates": {
        "$ref": "#/components/schemas/Certificates"
       },
       "signingCertificates": {
        "$ref": "#/components/schemas/Certificates"
       },
       "caReferences": {
        "type": "object",
        "properties": {
         "primary": {
          "type": "string"
         },
         "secondary": {
          "type": "string"
         }
        }
       }
      }
     },
     "tpm": {
      "type": "object",
      "properties": {
       "endorsementKey": {
        "type": "string",
        "format": "byte"
       },
       "storageRootKey": {
        "type": "string",
        "format": "byte"
       }
      },
      "required": [
       "endorsementKey"
      ]
     }
    },
    "required": [
     "type"
    ]
   },
   "IndividualEnrollment": {
    "type": "object",
    "properties": {
     "registrationId": {
      "type": "string",
      "maxLength": 128
     },
     "deviceId": {
      "type": "string",
      "maxLength": 128
     },
     "registrationState": {
      "$ref": "#/components/schemas/DeviceRegistrationState"
     },
     "optionalDeviceInformation": {
      "type": "object"
     },
     "attestation": {
      "$ref": "#/components/schemas/AttestationMechanism"
     },
     "capabilities": {
      "type": "object",
      "properties": {
       "iotEdge": {
        "type": "boolean"
       }
      },
      "required": [
       "iotEdge"
      ]
     },
     "iotHubHostName": {
      "type": "string",
      "description": "Legacy: static to that hub."
     },
     "initialTwin": {
      "type": "object",
      "properties": {
       "tags": {
        "type": "object"
       },
       "properties": {
        "type": "object",
        "properties": {
         "desired": {
          "type": "object"
         }
        }
       }
      }
     },
     "provisioningStatus": {
      "type": "string",
      "enum": [
       "enabled",
       "disabled"
      ],
      "default": "enabled"
     },
     "reprovisionPolicy": {
      "type": "object",
      "properties": {
       "updateHubAssignment": {
        "type": "boolean"
       },
       "migrateDeviceData": {
        "type": "boolean"
       }
      },
      "required": [
       "updateHubAssignment",
       "migrateDeviceData"
      ]
     },
     "allocationPolicy": {
      "type": "string",
      "enum": [
       "hashed",
       "geoLatency",
       "static",
       "custom"
      ],
      "description": "Absent: the tenant's at registration time."
     },
     "iotHubs": {
      "type": "array",
      "items": {
       "type": "string"
      }
     },
     "customAllocationDefinition": {
      "type": "object",
      "properties": {
       "webhookUrl": {
        "type": "string",
        "format": "uri"
       },
       "apiVersion": {
        "type": "string"
       }
      },
      "required": [
       "webhookUrl",
       "apiVersion"
      ]
     },
     "sites": {
      "type": "array",
      "items": {
       "type": "string",
       "description": "A site's ID."
      },
      "description": "Berth's own: which sites may serve it; absent or empty: all."
     },
     "etag": {
      "type": "string",
      "readOnly": true
     },
     "createdDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "lastUpdatedDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     }
    },
    "required": [
     "registrationId",
     "attestation"
    ]
   },
   "EnrollmentGroup": {
    "type": "object",
    "properties": {
     "enrollmentGroupId": {
      "type": "string",
      "maxLength": 128
     },
     "attestation": {
      "$ref": "#/components/schemas/AttestationMechanism"
     },
     "keyCustody": {
      "type": "string",
      "enum": [
       "onGateway",
       "listedDevices",
       "onlineOnly"
      ],
      "default": "onGateway",
      "description": "Berth's own: where the group's symmetric keys may be."
     },
     "capabilities": {
      "type": "object",
      "properties": {
       "iotEdge": {
        "type": "boolean"
       }
      },
      "required": [
       "iotEdge"
      ]
     },
     "iotHubHostName": {
      "type": "string",
      "description": "Legacy: static to that hub."
     },
     "initialTwin": {
      "type": "object",
      "properties": {
       "tags": {
        "type": "object"
       },
       "properties": {
        "type": "object",
        "properties": {
         "desired": {
          "type": "object"
         }
        }
       }
      }
     },
     "provisioningStatus": {
      "type": "string",
      "enum": [
       "enabled",
       "disabled"
      ],
      "default": "enabled"
     },
     "reprovisionPolicy": {
      "type": "object",
      "properties": {
       "updateHubAssignment": {
        "type": "boolean"
       },
       "migrateDeviceData": {
        "type": "boolean"
       }
      },
      "required": [
       "updateHubAssignment",
       "migrateDeviceData"
      ]
     },
     "allocationPolicy": {
      "type": "string",
      "enum": [
       "hashed",
       "geoLatency",
       "static",
       "custom"
      ],
      "description": "Absent: the tenant's at registration time."
     },
     "iotHubs": {
      "type": "array",
      "items": {
       "type": "string"
      }
     },
     "customAllocationDefinition": {
      "type": "object",
      "properties": {
       "webhookUrl": {
        "type": "string",
        "format": "uri"
       },
       "apiVersion": {
        "type": "string"
       }
      },
      "required": [
       "webhookUrl",
       "apiVersion"
      ]
     },
     "sites": {
      "type": "array",
      "items": {
       "type": "string",
       "description": "A site's ID."
      },
      "description": "Berth's own: which sites may serve it; absent or empty: all."
     },
     "etag": {
      "type": "string",
      "readOnly": true
     },
     "createdDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "lastUpdatedDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     }
    },
    "required": [
     "enrollmentGroupId",
     "attestation"
    ]
   },
   "DeviceRegistrationState": {
    "type": "object",
    "properties": {
     "registrationId": {
      "type": "string"
     },
     "createdDateTimeUtc": {
      "type": "string",
      "format": "date-time"
     },
     "assignedHub": {
      "type": "string"
     },
     "deviceId": {
      "type": "string"
     },
     "status": {
      "type": "string",
      "enum": [
       "unassigned",
       "assigning",
       "assigned",
       "failed",
       "disabled"
      ]
     },
     "substatus": {
      "type": "string",
      "enum": [
       "initialAssignment",
       "deviceDataMigrated",
       "deviceDataReset",
       "reprovisionedToInitialAssignment"
      ]
     },
     "errorCode": {
      "type": "integer"
     },
     "errorMessage": {
      "type": "string"
     },
     "lastUpdatedDateTimeUtc": {
      "type": "string",
      "format": "date-time"
     },
     "etag": {
      "type": "string"
     },
     "payload": {
      "type": "object"
     }
    }
   },
   "QuerySpecification": {
    "type": "object",
    "properties": {
     "query": {
      "type": "string",
      "description": "Ignored: every record is given."
     }
    }
   },
   "BulkResult": {
    "type": "object",
    "properties": {
     "isSuccessful": {
      "type": "boolean"
     },
     "errors": {
      "type": "array",
      "items": {
       "type": "object",
       "properties": {
        "registrationId": {
         "type": "string"
        },
        "enrollmentGroupId": {
         "type": "string"
        },
        "errorCode": {
         "type": "integer"
        },
        "errorStatus": {
         "type": "string"
        }
       },
       "required": [
        "errorCode",
        "errorStatus"
       ]
      }
     }
    },
    "required": [
     "isSuccessful",
     "errors"
    ]
   },
   "Tenant": {
    "type": "object",
    "properties": {
     "idScope": {
      "type": "string",
      "readOnly": true
     },
     "name": {
      "type": "string",
      "maxLength": 64
     },
     "hostNames": {
      "type": "array",
      "items": {
       "type": "string"
      },
      "description": "The service API answers for this tenant under these; any other name means the default tenant."
     },
     "allocationPolicy": {
      "type": "string",
      "enum": [
       "hashed",
       "geoLatency",
       "static"
      ],
      "default": "hashed"
     },
     "isDefault": {
      "type": "boolean",
      "readOnly": true
     },
     "etag": {
      "type": "string",
      "readOnly": true
     },
     "createdDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "lastUpdatedDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     }
    },
    "required": [
     "name"
    ]
   },
   "AccessPolicy": {
    "type": "object",
    "properties": {
     "keyName": {
      "type": "string",
      "maxLength": 64
     },
     "primaryKey": {
      "type": "string",
      "format": "byte",
      "description": "Shown on create, listKeys and regenerateKey only."
     },
     "secondaryKey": {
      "type": "string",
      "format": "byte"
     },
     "rights": {
      "type": "string",
      "description": "Names separated by commas.",
      "examples": [
       "EnrollmentRead, EnrollmentWrite"
      ]
     },
     "etag": {
      "type": "string",
      "readOnly": true
     },
     "createdDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "lastUpdatedDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     }
    },
    "required": [
     "keyName",
     "rights"
    ]
   },
   "LinkedHub": {
    "type": "object",
    "properties": {
     "hubId": {
      "type": "string",
      "readOnly": true
     },
     "kind": {
      "type": "string",
      "enum": [
       "azure-iot-hub"
      ],
      "default": "azure-iot-hub"
     },
     "hostName": {
      "type": "string",
      "description": "What devices are told, and what enrollments name; from the connection string if absent. It stays."
     },
     "registryUrl": {
      "type": "string",
      "format": "uri",
      "description": "https://host[:port]; absent: https://{hostName}."
     },
     "connectionString": {
      "type": "string",
      "description": "HostName=…;SharedAccessKeyName=…;SharedAccessKey=…. Answers mask the key as ****; a masked key in a request leaves it unchanged."
     },
     "policyName": {
      "type": "string",
      "writeOnly": true
     },
     "policyKey": {
      "type": "string",
      "format": "byte",
      "writeOnly": true
     },
     "allocationWeight": {
      "type": "integer",
      "minimum": 1,
      "maximum": 1000,
      "default": 1
     },
     "applyAllocationPolicy": {
      "type": "boolean",
      "default": true,
      "description": "False: linked, but receives no devices."
     },
     "location": {
      "type": "string",
      "maxLength": 256
     },
     "probeAddress": {
      "type": "string",
      "description": "host[:port] where latency is measured; absent: the registry."
     },
     "apply": {
      "type": "string",
      "enum": [
       "gateway",
       "coordinator"
      ],
      "default": "gateway"
     },
     "caCertificate": {
      "type": "string",
      "description": "PEM of the CA that the registry's certificate must chain to; absent: the machine's CA bundle."
     },
     "etag": {
      "type": "string",
      "readOnly": true
     },
     "createdDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "lastUpdatedDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     }
    }
   },
   "Site": {
    "type": "object",
    "properties": {
     "siteId": {
      "type": "string",
      "maxLength": 64
     },
     "etag": {
      "type": "string",
      "readOnly": true
     },
     "createdDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "lastUpdatedDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     }
    },
    "required": [
     "siteId"
    ]
   },
   "Gateway": {
    "type": "object",
    "properties": {
     "gatewayId": {
      "type": "string",
      "readOnly": true
     },
     "name": {
      "type": "string",
      "maxLength": 64
     },
     "site": {
      "type": "string"
     },
     "tenants": {
      "type": "array",
      "items": {
       "type": "string",
       "description": "ID scope"
      },
      "description": "Whom it serves; absent on create: the default tenant."
     },
     "status": {
      "type": "string",
      "enum": [
       "joining",
       "active",
       "disabled",
       "removed"
      ],
      "readOnly": true
     },
     "joinToken": {
      "type": "string",
      "readOnly": true,
      "description": "Shown once, on create and joinToken."
     },
     "joinTokenReused": {
      "type": "boolean",
      "readOnly": true,
      "description": "Somebody presented a used token with another key."
     },
     "joinTokenExpiryUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "certificateExpiryUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "lastContactUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "etag": {
      "type": "string",
      "readOnly": true
     },
     "createdDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     },
     "lastUpdatedDateTimeUtc": {
      "type": "string",
      "format": "date-time",
      "readOnly": true
     }
    },
    "required": [
     "name",
     "site"
    ]
   },
   "Registration": {
    "allOf": [
     {
      "$ref": "#/components/schemas/DeviceRegistrationState"
     },
     {
      "type": "object",
      "properties": {
       "attestationType": {
        "type": "string",
        "enum": [
         "symmetricKey",
         "x509",
         "tpm"
        ]
       },
       "enrollmentId": {
        "type": "string"
       },
       "enrollmentGroupId": {
        "type": "string"
       },
       "hubId": {
        "type": "string"
       },
       "gatewayId": {
        "type": "string"
       },
       "arrivalUtc": {
        "type": "string",
        "format": "date-time"
       },
       "arrivalClamped": {
        "type": "boolean"
       },
       "lastAttempt": {
        "type": "object",
        "properties": {
         "atUtc": {
          "type": "string",
          "format": "date-time"
         },
         "errorCode": {
          "type": "integer"
         },
         "message": {
          "type": "string"
         },
         "reason": {
          "type": "string"
         }
        }
       },
       "superseded": {
        "type": "object",
        "properties": {
         "gatewayId": {
          "type": "string"
         },
         "assignedHub": {
          "type": "string"
         },
         "deviceId": {
          "type": "string"
         },
         "arrivalUtc": {
          "type": "string",
          "format": "date-time"
         }
        }
       }
      }
     }
    ]
   },
   "QuarantinedOutcome": {
    "type": "object",
    "properties": {
     "gatewayId": {
      "type": "string"
     },
     "incarnation": {
      "type": "string"
     },
     "sequence": {
      "type": "integer"
     },
     "idScope": {
      "type": "string"
     },
     "registrationId": {
      "type": "string"
     },
     "receivedUtc": {
      "type": "string",
      "format": "date-time"
     },
     "reason": {
      "type": "string"
     }
    }
   },
   "JoinRequest": {
    "type": "object",
    "properties": {
     "token": {
      "type": "string"
     },
     "csr": {
      "type": "string",
      "format": "byte",
      "description": "PKCS#10, DER."
     }
    },
    "required": [
     "token",
     "csr"
    ]
   },
   "JoinReply": {
    "type": "object",
    "properties": {
     "gatewayId": {
      "type": "string"
     },
     "certificate": {
      "type": "string",
      "format": "byte"
     },
     "caCertificate": {
      "type": "string",
      "format": "byte"
     },
     "coordinatorId": {
      "type": "string"
     },
     "syncHost": {
      "type": "string"
     },
     "syncPort": {
      "type": "integer"
     },
     "idScopes": {
      "type": "array",
      "items": {
       "type": "string"
      }
     }
    }
   }
  }
 }
}
)openapi";
}

}  // namespace berth::coordinator
